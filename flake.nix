{
  description = "Turn any NixOS configuration in a flake into a running microVM";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  # nixpkgs stays lazy: what `lib` offers must evaluate without fetching it.
  outputs =
    { self, nixpkgs }:
    let
      eachSystem =
        function:
        builtins.listToAttrs (
          map
            (system: {
              name = system;
              value = function nixpkgs.legacyPackages.${system};
            })
            [
              "x86_64-linux"
              "aarch64-linux"
              "aarch64-darwin"
            ]
        );

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

      nixosModules = {
        microvm = import ./flake/nix/modules/guest-of-flake.nix { inherit microvmFor; };
        host = ./flake/nix/modules/host;
      };

      packages = eachSystem (pkgs: rec {
        microvm = pkgs.callPackage ./flake/nix/packages/microvm.nix { };
        default = microvm;
      });

      apps = eachSystem (pkgs: rec {
        microvm = {
          type = "app";
          program = "${self.packages.${pkgs.stdenv.hostPlatform.system}.microvm}/bin/microvm";
          meta.description = "Run NixOS configurations as microVMs";
        };
        default = microvm;
      });

      overlays.default = final: _: {
        microvm = final.callPackage ./flake/nix/packages/microvm.nix { };
      };
      # microvm.nix has it under the old name too.
      overlay = self.overlays.default;

      templates.default = {
        path = ./flake/nix/templates/default;
        description = "A NixOS microVM, and a command that runs it";
      };

      checks = eachSystem (pkgs: import ./flake/nix/checks { inherit self nixpkgs pkgs; });
      devShells = eachSystem (pkgs: {
        default = pkgs.callPackage ./flake/nix/packages/shell.nix { };
      });
      formatter = eachSystem (pkgs: pkgs.nixfmt-tree);
    };
}
