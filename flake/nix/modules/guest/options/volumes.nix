# Disk images.
{ lib, ... }:
let
  inherit (lib) mkOption types;

  volume.options = {
    image = mkOption {
      type = types.str;
      description = "Path of the image on the host, relative to the VM's directory.";
    };

    mountPoint = mkOption {
      type = types.nullOr types.path;
      description = "Where the guest mounts the volume; null is nowhere.";
    };

    size = mkOption {
      type = types.int;
      description = "Size in MiB of an image that has to be created.";
    };

    autoCreate = mkOption {
      type = types.bool;
      default = true;
      description = "Whether to create the image, with a file system, if it does not exist.";
    };

    fsType = mkOption {
      type = types.str;
      default = "ext4";
      description = "File system that is created and mounted.";
    };

    mkfsExtraArgs = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Further arguments of `mkfs`.";
    };

    label = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = ''
        Label of the file system, by which the guest then finds the volume. It
        is set when the image is created; label other images yourself.
      '';
    };

    serial = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "Serial number of the disk, at most 20 characters.";
    };

    readOnly = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the guest must not write to the volume.";
    };

    direct = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the host's page cache is bypassed (`O_DIRECT`).";
    };

    imageType = mkOption {
      type = types.enum [
        "raw"
        "qcow2"
        "vhd"
        "vhdx"
      ];
      default = "raw";
      description = "Format of the image.";
    };
  };
in
{
  options.microvm.volumes = mkOption {
    type = types.listOf (types.submodule volume);
    default = [ ];
    description = "Disk images of the guest, in the order of its disks.";
  };
}
