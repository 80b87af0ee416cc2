# For a system that was not written for a VM: what it says of its machine's disks
# gives way, and it gets what `microvm run` can provide anywhere.
{ config, lib, ... }:
{
  microvm = {
    vcpu = lib.mkDefault 2;
    mem = lib.mkDefault 2560;

    # The host just built the system: its store has everything already.
    shares = [
      {
        tag = "ro-store";
        source = "/nix/store";
        mountPoint = "/nix/.ro-store";
        proto = "9p";
        readOnly = true;
      }
    ];

    interfaces = [
      {
        type = "user";
        id = "net";
        mac = "02:00:00:00:00:01";
      }
    ];
  };

  fileSystems = lib.mkVMOverride (
    import ../lib/file-systems.nix {
      inherit lib;
      microvmConfig = config.microvm;
    }
  );
  swapDevices = lib.mkVMOverride [ ];

  boot = {
    initrd.luks.devices = lib.mkVMOverride { };
    loader.systemd-boot.enable = lib.mkVMOverride false;
    loader.grub.enable = lib.mkVMOverride false;
  };
}
