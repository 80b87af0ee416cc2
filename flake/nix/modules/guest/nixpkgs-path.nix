# <nixpkgs> in the guest, without a channel.
{ config, lib, ... }:
let
  inherit (lib) isPath literalExpression mkOption types;
  path = config.microvm.nixpkgsPath;

  # A path of the store can only be referred to as it is in impure evaluation,
  # where nixpkgs comes from a channel; elsewhere it would be unknown to the build.
  isPure = !(builtins ? currentSystem);
  inStore =
    if !isPath path then
      "${path}"
    else if lib.isStorePath (toString path) && !isPure then
      builtins.storePath path
    else
      builtins.path {
        inherit path;
        name = "nixpkgs";
      };
in
{
  options.microvm.nixpkgsPath = mkOption {
    type = types.nullOr types.path;
    default = null;
    example = literalExpression "<nixpkgs>";
    description = ''
      The nixpkgs that `<nixpkgs>` means in the guest, for example the channel
      or the flake input that it is built from. It becomes part of the guest's
      store. Null leaves {option}`nix.nixPath` alone.
    '';
  };

  config = lib.mkIf (path != null) {
    nix.nixPath = [ "nixpkgs=${inStore}" ];
  };
}
