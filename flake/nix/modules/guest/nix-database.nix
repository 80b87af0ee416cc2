# The host's Nix database in the guest, writable. The guest then knows every path
# of the host's store at once: dumping and loading the database takes minutes.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.microvm;
  db = cfg.nixDatabaseOverlay;
  database = "/nix/var/nix/db";
  lower = "/nix/.ro-var-nix-db";
in
{
  options.microvm.nixDatabaseOverlay = {
    enable = lib.mkEnableOption ''
      an overlay over the host's Nix database, for a guest with the host's store
      and a writable overlay over that: the guest can build upon whatever the
      host has, and what it built is still known after a reboot if
      {option}`microvm.writableStoreOverlay` is on a volume.

      The guest's database is a copy of the host's from its first write on: what
      the host adds later it does not know. Delete both volumes to start anew'';

    proto = mkOption {
      type = types.enum [
        "9p"
        "virtiofs"
      ];
      default = "virtiofs";
      description = "Protocol of the database's share.";
    };

    mountPoint = mkOption {
      type = types.path;
      default = "/nix/.rw-var-nix-db";
      description = "Where the guest mounts the volume with its changes.";
    };

    image = mkOption {
      type = types.str;
      default = "nix-db-overlay.img";
      description = "Path of the volume's image on the host, relative to the VM's directory.";
    };

    size = mkOption {
      type = types.int;
      default = 1024;
      description = ''
        Size of the volume in MiB. It has to hold a copy of the host's database;
        the image takes only what is written.
      '';
    };
  };

  config = lib.mkIf db.enable {
    assertions = [
      {
        assertion = !cfg.storeOnDisk;
        message = ''microvm.nixDatabaseOverlay needs the store that the database is about: share the host's, with microvm.shares = [ { source = "/nix/store"; … } ].'';
      }
      {
        assertion = cfg.writableStoreOverlay != null;
        message = "microvm.nixDatabaseOverlay needs a store to add paths to: set microvm.writableStoreOverlay.";
      }
    ];

    microvm.shares = [
      {
        tag = "ro-var-nix-db";
        source = database;
        mountPoint = lower;
        readOnly = true;
        inherit (db) proto;
      }
    ];

    microvm.volumes = [
      {
        inherit (db) image mountPoint size;
      }
    ];

    fileSystems = {
      ${lower} = {
        neededForBoot = true;
        noCheck = true;
      };
      ${toString db.mountPoint}.neededForBoot = true;
      # Before the system's closure is registered, which the initrd waits for.
      ${database} = {
        neededForBoot = true;
        overlay = {
          lowerdir = [ lower ];
          upperdir = "${toString db.mountPoint}/db";
          workdir = "${toString db.mountPoint}/work";
        };
      };
    };

    # Only root can read these two on the host, and who shares them may be nobody
    # special. A rename over them needs no look at what was there.
    boot.postBootCommands = lib.mkBefore ''
      for name in big-lock reserved; do
        if ! { : <"${database}/$name"; } 2>/dev/null; then
          install --mode=0600 /dev/null "${database}/.$name.new"
          mv --force "${database}/.$name.new" "${database}/$name"
        fi
      done
    '';
  };
}
