# Advice on secrets of the host.
{ config, lib, ... }:
let
  cfg = config.microvm;
  inherit (config.networking) hostName;

  ofSops =
    share: share.source == "/run/secrets" || lib.hasPrefix "/run/secrets/" share.source;
  affected = lib.filter (share: share.proto == "virtiofs" && ofSops share) cfg.shares;

  literals = lib.filterAttrs (_: lib.isPath) cfg.credentialFiles;
in
{
  options.microvm.warnAboutSopsShares = lib.mkOption {
    type = lib.types.bool;
    default = true;
    description = ''
      Whether to warn about virtiofs shares of {file}`/run/secrets`. A host with
      sops-nix removes the directory behind it at an update, and it vanishes in
      the guest, unless the host keeps all generations
      (`sops.keepGenerations = 0`). Even then a running guest sees the secrets
      of its start. Turn this off when the host does that.
    '';
  };

  config.warnings =
    lib.optionals cfg.warnAboutSopsShares (
      map (share: ''
        MicroVM ${hostName}: the share "${share.tag}" of ${share.source} vanishes when the host is updated, if the host's sops-nix provides it.
        Set sops.keepGenerations = 0 on the host, reboot the guest after secrets changed, and silence this by microvm.warnAboutSopsShares = false.
      '') affected
    )
    ++ lib.mapAttrsToList (name: _: ''
      MicroVM ${hostName}: microvm.credentialFiles.${name} is a path literal, which Nix copies to the world-readable store: write it as a string.
    '') literals;
}
