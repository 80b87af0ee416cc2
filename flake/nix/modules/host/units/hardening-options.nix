{ config, lib, ... }:

let
  inherit (lib) mkOption types;
  cfg = config.microvm;
  guests = import ../guests.nix { inherit config lib; };
in
{
  options.microvm.host.hardening = {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Whether systemd confines the VMs' units: a VM sees no directory of another
        VM, no devices but those that hypervisors use, has few or no capabilities,
        and its helpers have only those they need. What one VM needs beyond that is
        for {option}`systemd.services."microvm@NAME".serviceConfig`.
      '';
    };

    bridgeHelper = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Whether VMs that are not in {option}`microvm.vms` may run the
        `qemu-bridge-helper`, for interfaces of type `bridge`. It gets privileges
        when it is started, so these VMs then can have neither
        `NoNewPrivileges` nor a system call filter. Of the VMs in
        {option}`microvm.vms` it is known, and only those with such an interface
        go without.
      '';
    };
  };

  config = lib.mkIf cfg.host.enable {
    assertions = lib.mapAttrsToList (name: guest: {
      assertion =
        guest.has.bridge && cfg.host.hardening.enable -> cfg.host.hardening.bridgeHelper;
      message = "microvm.vms.${name}: an interface of type bridge needs microvm.host.hardening.bridgeHelper";
    }) guests;
  };
}
