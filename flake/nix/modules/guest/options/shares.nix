# Directories of the host.
{ config, lib, ... }:
let
  inherit (lib) literalMD mkOption types;
  inherit (config.networking) hostName;

  share =
    { config, ... }:
    {
      options = {
        tag = mkOption {
          type = types.str;
          description = "Name of the share, unique within the VM.";
        };

        source = mkOption {
          type = types.nonEmptyStr;
          description = "The directory on the host, relative to the VM's directory.";
        };

        mountPoint = mkOption {
          type = types.path;
          description = "Where the guest mounts the share.";
        };

        proto = mkOption {
          type = types.enum [
            "9p"
            "virtiofs"
          ];
          default = "9p";
          description = ''
            How files travel: 9p is part of the hypervisor, virtiofs is faster
            and needs a daemon for each share.
          '';
        };

        readOnly = mkOption {
          type = types.bool;
          default = false;
          description = "Whether the guest must not write to the share.";
        };

        securityModel = mkOption {
          type = types.enum [
            "passthrough"
            "none"
            "mapped"
            "mapped-file"
          ];
          default = "none";
          description = "How 9p keeps owners and modes of files.";
        };

        socket = mkOption {
          type = types.nullOr types.str;
          default = if config.proto == "virtiofs" then "${hostName}-virtiofs-${config.tag}.sock" else null;
          defaultText = literalMD "`HOSTNAME-virtiofs-TAG.sock` for virtiofs, null for 9p";
          description = "Path of virtiofsd's socket, relative to the VM's directory.";
        };

        cache = mkOption {
          type = types.enum [
            "auto"
            "always"
            "metadata"
            "never"
          ];
          default = "auto";
          description = "What virtiofsd lets the guest cache.";
        };

        posixAcl = mkOption {
          type = types.bool;
          default = true;
          description = ''
            Whether virtiofsd passes extended attributes and POSIX ACLs. It
            cannot do that and translate user or group ids.
          '';
        };

        extraArgs = mkOption {
          type = types.listOf types.str;
          default = [ ];
          description = "Further arguments of this share's virtiofsd.";
        };
      };
    };
in
{
  options.microvm.shares = mkOption {
    type = types.listOf (types.submodule share);
    default = [ ];
    description = ''
      Directories of the host that the guest mounts. With one whose source is
      {file}`/nix/store` the guest needs no store disk.
    '';
  };
}
