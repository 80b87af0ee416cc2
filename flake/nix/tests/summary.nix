# What the test compares of each case: the spec, and the rest of the system as far
# as the modules shape it.
args:
let
  cases = import ./evaluated.nix args;

  summary =
    case:
    let
      inherit (case) config lib;

      mounts = lib.mapAttrs (
        _: fs: lib.filterAttrs (_: value: value != null && value != false && value != [ "defaults" ]) (
          removeAttrs fs [ "overlay" ] // lib.filterAttrs (_: value: value != null) fs.overlay
        )
      ) config.fileSystems;
    in
    {
      inherit (config.microvm) spec;
      system = {
        inherit mounts;
        inherit (config) warnings;
        inherit (config.nix) nixPath;
        modules = config.boot.initrd.kernelModules ++ config.boot.initrd.availableKernelModules;
        systemdInitrd = config.boot.initrd.systemd.enable;
        dropIns = map (mount: mount.where) config.systemd.mounts;
        postBoot = lib.splitString "\n" config.boot.postBootCommands;
        nixDaemon = config.systemd.services.nix-daemon.enable;
        machineId = config.environment.etc.machine-id.text or null;
        inherit (config.networking) hostId;
        switch = config.system.switch.enable;
      };
      failed = map (a: a.message) (lib.filter (a: !a.assertion) config.assertions);
    };
in
builtins.mapAttrs (_: summary) cases
