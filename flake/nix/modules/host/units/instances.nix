# Drop-ins for the VMs that the host's configuration declares.
{ config, lib, ... }:

let
  cfg = config.microvm;
  hardening = import ./hardening.nix { inherit config lib; };
  guests = lib.attrValues (import ../guests.nix { inherit config lib; });

  dropIn = guest: {
    overrideStrategy = "asDropin";
    # The template has it.
    path = lib.mkForce [ ];
    # Its restartIfChanged = false has to be taken back by name.
    serviceConfig.X-RestartIfChanged = [
      ""
      guest.vm.restartIfChanged
    ];
  };

  # What is running is replaced as a whole when the guest changes.
  vm =
    guest:
    let
      machined = lib.optional (guest.runner.registerWithMachined or false) "systemd-machined.service";
      base = dropIn guest;
    in
    base
    // {
      restartTriggers = [ guest.toplevel ];
      wants = machined;
      after = machined;
      serviceConfig =
        base.serviceConfig
        // {
          Type = if guest.runner.supportsNotifySocket or false then "notify" else "simple";
        }
        // lib.optionalAttrs guest.vm.isolateUser { User = guest.user; }
        // hardening.declaredVM guest;
    };

  units =
    guest:
    [ (lib.nameValuePair "microvm@${guest.name}" (vm guest)) ]
    ++ map (unit: lib.nameValuePair "microvm-${unit}@${guest.name}" (dropIn guest)) [
      "tap-interfaces"
      "macvtap-interfaces"
      "pci-devices"
      "virtiofsd"
    ];
in
{
  config = lib.mkIf cfg.host.enable {
    systemd.services = lib.listToAttrs (lib.concatMap units guests);
  };
}
