# Stands for nixpkgs, with its real lib beside this file. Nothing can be built,
# but everything that our flake offers can be evaluated.
{
  outputs =
    { self }:
    let
      lib = import ./lib;
      nixosSystem = import ./nixos-system.nix lib;
    in
    {
      lib = lib // {
        inherit nixosSystem;
      };
      legacyPackages = lib.genAttrs [
        "x86_64-linux"
        "aarch64-linux"
        "aarch64-darwin"
      ] (import ./packages.nix lib);
    };
}
