{
  description = "Turn any NixOS configuration in a flake into a running microVM";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  # nixpkgs stays lazy: what `lib` offers must evaluate without fetching it.
  outputs =
    { self, nixpkgs }:
    {
      lib = {
        plainGuest = import ./flake/nix/plain-guest.nix;
      };

      nixosModules = {
        host = ./flake/nix/modules/host;
      };
    };
}
