# What a NixOS system needs in order to boot in a microVM.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.microvm;
  hasOverlay = cfg.writableStoreOverlay != null;

  # The store disk has all that the system refers to, so the runner need not
  # keep it in the host's store as well.
  toplevel =
    if cfg.storeOnDisk then
      builtins.unsafeDiscardStringContext config.system.build.toplevel
    else
      config.system.build.toplevel;
in
{
  config = lib.mkIf cfg.guest.enable {
    microvm.kernelParams = config.boot.kernelParams ++ [ "init=${toplevel}/init" ];

    boot = {
      loader.grub.enable = false;

      initrd.kernelModules = [
        "virtio_mmio"
        "virtio_pci"
        "virtio_blk"
        "9pnet_virtio"
        "9p"
        "virtiofs"
      ]
      # Firecracker shuts down by Ctrl-Alt-Del, on this keyboard.
      ++ lib.optional (
        pkgs.stdenv.hostPlatform.system == "x86_64-linux" && cfg.hypervisor == "firecracker"
      ) "i8042"
      ++ lib.optional hasOverlay "overlay";

      # SSH over vsock works without any PCI device.
      initrd.availableKernelModules = [ "vmw_vsock_virtio_transport" ];

      # Slow to load, and of no use in a VM.
      blacklistedKernelModules = [
        "rfkill"
        "intel_pstate"
      ]
      ++ lib.optional (!cfg.graphics.enable) "drm";
    };

    systemd = {
      # The daemon starts only if it can write to the store.
      services.nix-daemon.enable = lib.mkDefault hasOverlay;
      sockets.nix-daemon.enable = lib.mkDefault hasOverlay;

      # Slow, and there is no firmware to store anything.
      services.mount-pstore.enable = false;

      # There is no disk with partitions.
      generators.systemd-gpt-auto-generator = "/dev/null";
    };

    environment.etc.machine-id = lib.mkIf (cfg.machineId != null) {
      text = lib.replaceStrings [ "-" ] [ "" ] cfg.machineId + "\n";
    };

    # As systemd derives it.
    networking.hostId = lib.mkIf (cfg.machineId != null) (
      lib.mkDefault (lib.substring 0 8 cfg.machineId)
    );
  };
}
