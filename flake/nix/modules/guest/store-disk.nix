# The image of the guest's store, and what Nix in the guest knows of it.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.microvm;
  inherit (pkgs) buildPackages;

  closure = pkgs.closureInfo { rootPaths = [ config.system.build.toplevel ]; };

  contents = (pkgs.writeClosure or pkgs.writeReferencesToFile) (
    [ config.system.build.toplevel ] ++ lib.optional config.nix.enable closure
  );

  # nixpkgs builds it for one thread.
  threadedErofs = buildPackages.erofs-utils.overrideAttrs (old: {
    configureFlags = old.configureFlags ++ [ "--enable-multithreading" ];
  });

  image =
    {
      erofs = {
        # -Ededupe works with one thread only, and warns where there are more.
        package =
          if lib.elem "-Ededupe" cfg.storeDiskErofsFlags then buildPackages.erofs-utils else threadedErofs;
        # One time stamp and owner for all files, and a mount point: the image
        # does not depend on how the store was copied.
        command = "mkfs.erofs ${toString cfg.storeDiskErofsFlags} -T 0 --all-root -L nix-store --mount-point=/nix/store \"$out\" store";
      };
      squashfs = {
        package = buildPackages.squashfs-tools-ng;
        command = "gensquashfs ${toString cfg.storeDiskSquashfsFlags} -D store --all-root -q \"$out\"";
      };
    }
    .${cfg.storeDiskType};

  # On a store disk the file is part of the closure that it lists.
  registration =
    if cfg.storeOnDisk then
      builtins.unsafeDiscardStringContext "${closure}/registration"
    else
      "${closure}/registration";

  nix-store = "${config.nix.package.out}/bin/nix-store";

  # With the host's database, only an updated system can be unknown.
  unlessKnown = lib.optionalString cfg.nixDatabaseOverlay.enable ''
    ${nix-store} --check-validity "$(readlink -f /run/current-system)" 2>/dev/null || '';
in
{
  config = lib.mkMerge [
    (lib.mkIf (cfg.guest.enable && cfg.storeOnDisk) {
      # The hardened profile blacklists erofs. Asking the blacklist would recurse:
      # it depends on the file systems.
      microvm.storeDiskType = lib.mkDefault (
        if config.security.virtualisation.flushL1DataCache == "always" then "squashfs" else "erofs"
      );

      boot.initrd.availableKernelModules = [ cfg.storeDiskType ];

      microvm.storeDisk =
        buildPackages.runCommandLocal "microvm-store-disk.${cfg.storeDiskType}"
          {
            nativeBuildInputs = [
              buildPackages.bubblewrap
              image.package
            ];
            passthru.regInfo = closure;
            # The image contains what it names.
            __structuredAttrs = true;
            unsafeDiscardReferences.out = true;
          }
          ''
            mkdir store
            sort -u ${contents} >paths

            # Mounting the paths spares the disk a copy of each, where the
            # sandbox allows it.
            mounts=(--dev-bind / / --chdir "$PWD")
            while read -r path; do
              mounts+=(--ro-bind "$path" "$PWD/store/''${path##*/}")
            done <paths

            if ! bwrap "''${mounts[@]}" -- ${image.command}; then
              echo "failed with bwrap: copying the store instead" >&2
              rm -rf "$out" store
              mkdir store
              xargs cp --archive --target-directory=store <paths
              ${image.command}
            fi
          '';
    })

    (lib.mkIf (cfg.registerClosure && config.nix.enable) {
      # Not in toplevel, which the registration lists.
      microvm.kernelParams = [ "regInfo=${registration}" ];

      boot.postBootCommands = ''
        if [[ "$(</proc/cmdline)" =~ (^|[[:space:]])regInfo=([^[:space:]]+) ]]; then
          ${unlessKnown}${nix-store} --load-db <"''${BASH_REMATCH[2]}"
        fi
      '';
    })
  ];
}
