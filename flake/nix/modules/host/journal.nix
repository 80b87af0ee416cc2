{ config, lib, ... }:

let
  cfg = config.microvm;
  guests = lib.attrValues (import ./guests.nix { inherit config lib; });

  linksOf =
    guest:
    let
      id = lib.replaceStrings [ "-" ] [ "" ] guest.machineId;
      link = share: {
        name = "/var/log/journal/${id}";
        value."L+".argument = "${share.source}/${id}";
      };
    in
    lib.optionals (guest.machineId != null) (
      map link (lib.filter (s: (s.mountPoint or null) == "/var/log/journal") guest.shares)
    );
in
{
  options.microvm.host.journal.enable = lib.mkOption {
    type = lib.types.bool;
    default = false;
    description = ''
      Whether `journalctl --merge`, as root, shows the journals of guests too:
      those of {option}`microvm.vms` that have a `microvm.machineId`, and a share
      mounted at {file}`/var/log/journal`.
    '';
  };

  config = lib.mkIf (cfg.host.enable && cfg.host.journal.enable) {
    systemd.tmpfiles.settings."11-microvm-journal" = lib.listToAttrs (lib.concatMap linksOf guests);
  };
}
