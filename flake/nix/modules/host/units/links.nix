# Network interfaces: made as root before the VM starts, for its user to open.
{ config, lib, ... }:

let
  cfg = config.microvm;
  hardening = import ./hardening.nix { inherit config lib; };
  dir = "${cfg.stateDir}/%i";

  setup = kind: title: {
    description = "Setup MicroVM '%i' ${title} interfaces";
    before = [ "microvm@%i.service" ];
    after = [
      "network.target"
      "microvm-set-booted@%i.service"
    ];
    partOf = [ "microvm@%i.service" ];
    unitConfig.ConditionPathExists = "${dir}/current/bin/${kind}-up";
    restartIfChanged = false;
    path = [ cfg.host.package ];
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
      ExecStart = "${dir}/current/bin/${kind}-up";
      ExecStop = "${dir}/booted/bin/${kind}-down";
      SyslogIdentifier = "microvm-${kind}-interfaces@%i";
    }
    // hardening.links;
  };
in
{
  config = lib.mkIf cfg.host.enable {
    systemd.services = {
      "microvm-tap-interfaces@" = setup "tap" "TAP";
      "microvm-macvtap-interfaces@" = setup "macvtap" "MACVTAP";
    };
  };
}
