{
  config,
  lib,
  pkgs,
  ...
}:

let
  cfg = config.microvm;
  hardening = import ./hardening.nix { inherit config lib; };
  dir = "${cfg.stateDir}/%i";
  helpers = map (unit: "microvm-${unit}@%i.service") [
    "tap-interfaces"
    "macvtap-interfaces"
    "pci-devices"
    "virtiofsd"
    "set-booted"
  ];
  shell = pkgs.runtimeShell;
  ifPresent = "+${shell} ${./if-present.sh}";
in
{
  config = lib.mkIf cfg.host.enable {
    systemd.services."microvm@" = {
      description = "MicroVM '%i'";
      requires = helpers;
      after = [
        "network.target"
        "systemd-modules-load.service"
      ]
      ++ helpers;
      unitConfig.ConditionPathExists = "${dir}/current/bin/microvm-run";
      restartIfChanged = false;
      path = [ cfg.host.package ];
      environment = {
        # Programs come from the runner's closure. Looking them up in nixpkgs
        # would need a network and a Nix that builds, at every start.
        MICROVM_HOST_TOOLS = "guest";
        XDG_CACHE_HOME = "/var/cache/microvm/%i";
        XDG_RUNTIME_DIR = "/run/microvm/%i";
      };
      serviceConfig = {
        Type = if cfg.host.useNotifySockets then "notify" else "simple";
        NotifyAccess = "all";
        WorkingDirectory = dir;
        ExecStart = "${dir}/current/bin/microvm-run";
        ExecStartPost = [ "${ifPresent} ${dir}/current/bin/microvm-register $MAINPID" ];
        ExecStop = "-${shell} ${./stop.sh} ${dir}/booted/bin/microvm-shutdown ${lib.getExe' pkgs.util-linux "waitpid"} $MAINPID";
        ExecStopPost = [ "${ifPresent} ${dir}/current/bin/microvm-unregister" ];
        TimeoutSec = cfg.host.startupTimeout;
        # A supervisor stops its hypervisor itself.
        KillMode = "mixed";
        Restart = "always";
        RestartSec = "5s";
        User = "microvm";
        Group = "kvm";
        SyslogIdentifier = "microvm@%i";
        LimitNOFILE = 1048576;
        LimitMEMLOCK = "infinity";
        CacheDirectory = "microvm/%i";
        CacheDirectoryMode = "0700";
        RuntimeDirectory = "microvm/%i";
        RuntimeDirectoryMode = "0700";
      }
      // hardening.vm;
    };

    systemd.targets.microvms = {
      description = "MicroVMs that start with the machine";
      wantedBy = [ "multi-user.target" ];
      wants = map (name: "microvm@${name}.service") cfg.autostart;
    };

    environment.systemPackages = [ cfg.host.package ];
    # Users have one of their own by default.
    environment.variables = lib.mkIf (cfg.stateDir != "/var/lib/microvms") {
      MICROVM_STATE_DIR = cfg.stateDir;
    };
  };
}
