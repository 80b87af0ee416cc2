{
  description = "Turn any NixOS configuration in a flake into a running microVM";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  # nixpkgs stays lazy: what `lib` offers must evaluate without fetching it.
  outputs =
    { self, nixpkgs }:
    let
      microvmFor = system: self.packages.${system}.microvm;
    in
    {
      lib = {
        plainGuest = import ./flake/nix/plain-guest.nix;
      }
      // import ./flake/nix/lib {
        inherit (nixpkgs) lib;
        inherit microvmFor;
        guestModule = self.nixosModules.microvm;
      };

      nixosModules.microvm = import ./flake/nix/modules/guest-of-flake.nix { inherit microvmFor; };
    };
}
