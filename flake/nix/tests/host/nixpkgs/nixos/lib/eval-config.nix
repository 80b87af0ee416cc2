# Stands for NixOS: a guest whose options are those that the host looks at.
{
  modules,
  extraModules,
  specialArgs,
  prefix,
  pkgs,
  system,
}:

let
  lib = import (builtins.getEnv "MICROVM_TEST_NIXPKGS_LIB" + "/lib");
  isGuestModule = module: builtins.isPath module && baseNameOf module == "guest";
in
lib.evalModules {
  inherit prefix specialArgs;
  modules = lib.filter (module: !isGuestModule module) modules ++ extraModules ++ [ ./guest-options.nix ];
}
