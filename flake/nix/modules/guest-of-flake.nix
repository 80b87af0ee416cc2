# The guest's module with the flake's own program.
{ microvmFor }:
{ config, lib, ... }:
{
  # A module that is imported twice is the same module.
  key = "microvm.nixosModules.microvm";
  _file = ./guest-of-flake.nix;
  imports = [ ./guest ];
  config.microvm.package = lib.mkDefault (
    microvmFor config.microvm.vmHostPackages.stdenv.hostPlatform.system
  );
}
