{ config, lib, ... }:

let
  cfg = config.microvm;
  hardening = import ./hardening.nix { inherit config lib; };
  dir = "${cfg.stateDir}/%i";
in
{
  config = lib.mkIf cfg.host.enable {
    systemd.services."microvm-virtiofsd@" = {
      description = "VirtioFS daemons for MicroVM '%i'";
      before = [ "microvm@%i.service" ];
      after = [
        "local-fs.target"
        "microvm-set-booted@%i.service"
      ];
      partOf = [ "microvm@%i.service" ];
      unitConfig.ConditionPathExists = "${dir}/current/bin/virtiofsd-run";
      restartIfChanged = false;
      path = [ cfg.host.package ];
      serviceConfig = {
        Type = "notify";
        NotifyAccess = "all";
        WorkingDirectory = dir;
        ExecStart = "${dir}/current/bin/virtiofsd-run";
        KillMode = "mixed";
        Restart = "always";
        RestartSec = "5s";
        LimitNOFILE = 1048576;
        PrivateTmp = true;
        SyslogIdentifier = "microvm-virtiofsd@%i";
      }
      // hardening.virtiofsd;
    };
  };
}
