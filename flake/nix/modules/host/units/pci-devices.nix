{ config, lib, ... }:

let
  cfg = config.microvm;
  hardening = import ./hardening.nix { inherit config lib; };
  dir = "${cfg.stateDir}/%i";
in
{
  config = lib.mkIf cfg.host.enable {
    systemd.services."microvm-pci-devices@" = {
      description = "Setup MicroVM '%i' devices for passthrough";
      before = [ "microvm@%i.service" ];
      partOf = [ "microvm@%i.service" ];
      unitConfig.ConditionPathExists = "${dir}/current/bin/pci-setup";
      restartIfChanged = false;
      path = [ cfg.host.package ];
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "${dir}/current/bin/pci-setup";
        SyslogIdentifier = "microvm-pci-devices@%i";
      }
      // hardening.pci;
    };
  };
}
