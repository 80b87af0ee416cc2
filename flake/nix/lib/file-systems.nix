# The guest's file systems, as a value of NixOS' option fileSystems.
{ lib, microvmConfig }:
let
  inherit (lib) any findFirst optionalAttrs;

  cfg = microvmConfig;
  overlay = cfg.writableStoreOverlay;
  hasOverlay = overlay != null;

  # Their modules are not there yet when systemd's initrd begins to mount.
  afterModules = "x-systemd.after=systemd-modules-load.service";

  hostStore = findFirst (
    share: share.source == "/nix/store"
  ) (throw "microvm.storeOnDisk is false, but no share has the source /nix/store") cfg.shares;

  storeDisk = {
    # Of the two, only erofs has labels.
    device = if cfg.storeDiskType == "erofs" then "/dev/disk/by-label/nix-store" else "/dev/vda";
    fsType = cfg.storeDiskType;
    neededForBoot = true;
    noCheck = true;
  };

  lowerStore = if cfg.storeOnDisk then "/nix/.ro-store" else toString hostStore.mountPoint;

  overlayIsVirtiofs = any (
    share: share.mountPoint == overlay && share.proto == "virtiofs"
  ) cfg.shares;

  store =
    if hasOverlay then
      {
        "/nix/store" = {
          neededForBoot = true;
          overlay = {
            lowerdir = [ lowerStore ];
            upperdir = "${overlay}/store";
            workdir = "${overlay}/work";
          };
        }
        # trusted.* attributes do not pass through virtiofs.
        // optionalAttrs overlayIsVirtiofs { options = [ "userxattr" ]; };
      }
      // optionalAttrs cfg.storeOnDisk {
        ${lowerStore} = storeDisk // {
          options = [
            "ro"
            afterModules
          ];
        };
      }
    else if cfg.storeOnDisk then
      { "/nix/store" = storeDisk // { options = [ afterModules ]; }; }
    else
      optionalAttrs (lowerStore != "/nix/store") {
        "/nix/store" = {
          device = lowerStore;
          fsType = hostStore.proto;
          options = [
            "ro"
            "bind"
          ];
          neededForBoot = true;
        };
      };

  volume =
    v:
    lib.nameValuePair (toString v.mountPoint) (
      {
        inherit (v) fsType;
        # The order of disks is a weaker promise than a label.
        device = if v.label != null then "/dev/disk/by-label/${v.label}" else "/dev/vd${v.letter}";
      }
      // optionalAttrs (v.mountPoint == overlay) { neededForBoot = true; }
    );

  mountedVolumes = lib.filter (v: v.mountPoint != null) (
    import ./drive-letters.nix { inherit lib; } cfg
  );

  share =
    s:
    lib.nameValuePair (toString s.mountPoint) (
      {
        device = s.tag;
        fsType = s.proto;
        options =
          {
            virtiofs = [ "defaults" ];
            "9p" = [
              "trans=virtio"
              "version=9p2000.L"
              "msize=65536"
            ];
          }
          .${s.proto}
          ++ [ afterModules ];
      }
      // optionalAttrs (s.source == "/nix/store" || s.mountPoint == overlay) { neededForBoot = true; }
    );
in
{
  "/" = lib.mkDefault {
    device = "rootfs";
    fsType = "tmpfs";
    options = [ "size=50%,mode=0755" ];
    neededForBoot = true;
  };
}
// lib.listToAttrs (map volume mountedVolumes ++ map share cfg.shares)
// store
