# The type of microvm.vms.NAME.config: all definitions together are evaluated as
# one NixOS system.
{ lib, pkgs }:
name: vm:

let
  evalConfig = import "${toString vm.nixpkgs}/nixos/lib/eval-config.nix";

  hostName = {
    _file = ./vm-config-type.nix;
    networking.hostName = lib.mkDefault name;
  };
in
lib.mkOptionType {
  name = "Toplevel NixOS config";
  description = "NixOS configuration";
  merge =
    _loc: definitions:
    evalConfig {
      modules = [
        hostName
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
