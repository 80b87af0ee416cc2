# Where the guest's /nix/store comes from.
{ config, lib, ... }:
let
  inherit (lib) literalExpression mkOption types;
  cfg = config.microvm;
  kernelAtLeast = lib.versionAtLeast config.boot.kernelPackages.kernel.version;
in
{
  options.microvm = {
    storeOnDisk = mkOption {
      type = types.bool;
      default = !lib.any (share: share.source == "/nix/store") cfg.shares;
      defaultText = lib.literalMD "whether no share has the source {file}`/nix/store`";
      description = ''
        Whether the store is an image with just what the guest needs, instead
        of a share of the host's.
      '';
    };

    storeDisk = mkOption {
      type = types.path;
      description = "The image that holds the guest's store.";
    };

    storeDiskType = mkOption {
      type = types.enum [
        "squashfs"
        "erofs"
      ];
      defaultText = lib.literalMD "`erofs`, but `squashfs` with NixOS' hardened profile, which forbids erofs";
      description = "File system of the store disk: squashfs is smaller, erofs faster.";
    };

    storeDiskErofsFlags = mkOption {
      type = types.listOf types.str;
      default = [
        "-zlz4hc"
      ]
      ++ lib.optional (kernelAtLeast "5.16") "-Eztailpacking"
      ++ lib.optional (kernelAtLeast "6.1") "-Efragments";
      defaultText = literalExpression ''
        [ "-zlz4hc" ]
        ++ lib.optional (kernelAtLeast "5.16") "-Eztailpacking"
        ++ lib.optional (kernelAtLeast "6.1") "-Efragments"
      '';
      description = ''
        Arguments of `mkfs.erofs`. Add `"-Ededupe"` for a smaller image that
        takes longer to build, because it is made by one thread.
      '';
    };

    storeDiskSquashfsFlags = mkOption {
      type = types.listOf types.str;
      default = [
        "-c"
        "zstd"
        "-j"
        "$NIX_BUILD_CORES"
      ];
      description = "Arguments of `gensquashfs`, each a word of the shell.";
    };

    registerClosure = mkOption {
      type = types.bool;
      default = cfg.guest.enable;
      defaultText = literalExpression "config.microvm.guest.enable";
      example = false;
      description = ''
        Whether the guest's Nix database is told at boot what is in its store. A
        database that outlives the guest may not want to be told again.
      '';
    };

    writableStoreOverlay = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "/nix/.rw-store";
      description = ''
        A directory on a writable file system of the guest, best a volume. What
        the guest adds to its store is kept there, and the store below it stays
        as it is. Null is a store that the guest cannot write to.
      '';
    };
  };
}
