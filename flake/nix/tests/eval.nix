# Evaluates a guest against the stubs.
{
  # A checkout of nixpkgs, or of its lib.
  nixpkgsLib,
  system ? "x86_64-linux",
  hostSystem ? system,
  guestModule ? ../modules/guest,
  # Path of a static `microvm`; null where no runner is built.
  microvm ? null,
  modules,
}:
let
  lib = import "${nixpkgsLib}/lib";
  pkgs = import ./pkgs.nix { inherit lib system; };

  # In a store path of its own, as packages are.
  program =
    pkgs.runCommand "microvm"
      {
        inherit microvm;
        PATH = "/bin:/usr/bin";
      }
      ''
        mkdir -p "$out/bin"
        cp "$microvm" "$out/bin/microvm"
      '';

  host =
    { options, ... }:
    {
      microvm =
        lib.optionalAttrs (hostSystem != system) {
          vmHostPackages = import ./pkgs.nix {
            inherit lib;
            system = hostSystem;
          };
        }
        # microvm.nix has no such option.
        // lib.optionalAttrs (microvm != null && options.microvm ? package) { package = program; };
    };
in
lib.evalModules {
  modules = [
    { config._module.args = { inherit pkgs; }; }
    ./nixos.nix
    guestModule
    host
  ]
  ++ modules;
}
// {
  inherit lib pkgs program;
}
