# The link `booted` is the runner that the VM runs, while `current` is the one it
# will start with the next time.
{
  config,
  lib,
  pkgs,
  ...
}:

let
  cfg = config.microvm;
  hardening = import ./hardening.nix { inherit config lib; };
  coreutil = lib.getExe' pkgs.coreutils;
in
{
  config = lib.mkIf cfg.host.enable {
    systemd.services."microvm-set-booted@" = {
      description = "Save MicroVM '%i' booted configuration";
      before = [ "microvm@%i.service" ];
      partOf = [ "microvm@%i.service" ];
      restartIfChanged = false;
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        WorkingDirectory = "${cfg.stateDir}/%i";
        ExecStart = "${coreutil "cp"} --no-dereference --no-target-directory --remove-destination current booted";
        ExecStop = "${coreutil "rm"} --force booted";
        SyslogIdentifier = "microvm-set-booted@%i";
      }
      // hardening.setBooted;
    };
  };
}
