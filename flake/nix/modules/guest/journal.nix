# The guest's journal where the host's journalctl can read it.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.microvm;
in
{
  options.microvm.journal = {
    enable = lib.mkEnableOption ''
      the guest's journal on the host. The host's journalctl reads it with
      `--merge` once {file}`/var/log/journal/MACHINE-ID` links to it, which our
      host module sees to'';

    source = mkOption {
      type = types.nonEmptyStr;
      default = "journal";
      description = "The directory on the host, relative to the VM's directory. It has to exist.";
    };

    proto = mkOption {
      type = types.enum [
        "9p"
        "virtiofs"
      ];
      default = "virtiofs";
      description = "Protocol of the share.";
    };
  };

  config = lib.mkIf cfg.journal.enable {
    assertions = [
      {
        assertion = cfg.machineId != null;
        message = "microvm.journal.enable needs microvm.machineId: journals are told apart by it.";
      }
    ];

    microvm.shares = [
      {
        tag = "journal";
        inherit (cfg.journal) source proto;
        mountPoint = "/var/log/journal";
      }
    ];
  };
}
