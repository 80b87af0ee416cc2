# The type of microvm.vms.NAME.config: all definitions together are evaluated as
# one NixOS system.
{ lib, pkgs }:
name: vm:

let
  evalConfig = import "${toString vm.nixpkgs}/nixos/lib/eval-config.nix";

  defaults =
    { config, ... }:
    {
      _file = ./vm-config-type.nix;
      networking.hostName = lib.mkDefault name;
      microvm.package = lib.mkDefault (
        config.microvm.vmHostPackages.callPackage ../../packages/microvm.nix { }
      );
    };
in
lib.mkOptionType {
  name = "Toplevel NixOS config";
  description = "NixOS configuration";
  merge =
    _loc: definitions:
    evalConfig {
      modules = [
        defaults
        ../guest
      ]
      ++ map (d: lib.setDefaultModuleLocation d.file d.value) definitions;
      prefix = [
        "microvm"
        "vms"
        name
        "config"
      ];
      inherit (vm) extraModules specialArgs pkgs;
      system = (if vm.pkgs != null then vm.pkgs else pkgs).stdenv.hostPlatform.system;
    };
}
