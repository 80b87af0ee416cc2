{ config, lib, ... }:
let
  cfg = config.microvm;
in
{
  config = lib.mkIf cfg.guest.enable {
    fileSystems = import ../../lib/file-systems.nix {
      inherit lib;
      microvmConfig = cfg;
    };

    # systemd made this unit in the initrd, where the host's store is mounted; it
    # must not try to unmount what it runs from.
    systemd.mounts =
      lib.mkIf
        (config.boot.initrd.systemd.enable && !cfg.storeOnDisk && cfg.writableStoreOverlay == null)
        [
          {
            what = "store";
            where = "/nix/store";
            overrideStrategy = "asDropin";
            unitConfig.DefaultDependencies = false;
          }
        ];
  };
}
