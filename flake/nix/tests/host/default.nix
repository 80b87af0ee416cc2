# What the host's configuration comes to: `nix eval` shows it as JSON.
#   lib: nixpkgs' lib; modules: the host's configuration
{ lib, modules }:

let
  inherit
    (lib.evalModules {
      specialArgs.pkgs = import ./pkgs.nix { inherit lib; };
      modules = modules ++ [
        ./stubs.nix
        ../../modules/host
      ];
    })
    config
    ;
  failed = map (a: a.message) (lib.filter (a: !a.assertion) config.assertions);
in
{
  inherit failed;
  files = import ./render.nix { inherit lib config; };
  other = {
    inherit (config.microvm) autostart;
    inherit (config.users) users groups;
    inherit (config.security) wrappers;
    inherit (config.security.pam) loginLimits;
    inherit (config.hardware) ksm;
    inherit (config.environment) etc variables;
    inherit (config.boot) kernelModules;
    packages = map (p: p.name) config.environment.systemPackages;
  };
}
