{ config, lib, ... }:

let
  inherit (lib) mkOption types;
  cfg = config.microvm;

  # A device is known by the kernel's name or by a link that udev made. Only a
  # name without a directory can be either.
  rulesFor =
    group: device:
    let
      name = lib.removePrefix "/dev/" device;
      rule = key: ''SUBSYSTEM=="block", ${key}=="${name}", GROUP="${group}", MODE="0660"'';
    in
    lib.optional (!lib.hasInfix "/" name) (rule "KERNEL") ++ [ (rule "SYMLINK") ];

  rules =
    lib.concatMap (rulesFor "microvm") cfg.host.blockDevices
    ++ lib.concatLists (
      lib.mapAttrsToList (
        name: vm: lib.concatMap (rulesFor (if vm.isolateUser then "microvm-${name}" else "microvm")) vm.blockDevices
      ) cfg.vms
    );
in
{
  options.microvm.host = {
    blockDevices = mkOption {
      type = types.listOf (import ./block-device-type.nix { inherit lib; });
      default = [ ];
      example = [ "/dev/zvol/tank/vm-web" ];
      description = ''
        Block devices that udev opens to the `microvm` user, and so to all VMs that
        share it, also those that are not in {option}`microvm.vms`. Prefer
        {option}`microvm.vms.<name>.blockDevices` for the others.
      '';
    };

    diskGroup = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether the `microvm` user is in the group `disk`, and so may read and
        write all disks of the host. {option}`microvm.host.blockDevices` is the
        safe way.
      '';
    };
  };

  config = lib.mkIf cfg.host.enable {
    services.udev.extraRules = lib.concatMapStrings (rule: rule + "\n") (lib.unique rules);
    users.users.microvm.extraGroups = lib.optional cfg.host.diskGroup "disk";
  };
}
