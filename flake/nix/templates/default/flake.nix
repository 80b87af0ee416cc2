{
  description = "A NixOS microVM";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
    microvm.url = "github:microvm-go/microvm";
    microvm.inputs.nixpkgs.follows = "nixpkgs";
  };

  outputs =
    {
      self,
      nixpkgs,
      microvm,
    }:
    let
      hosts = [
        "x86_64-linux"
        "aarch64-linux"
        "aarch64-darwin"
      ];

      # `nix run` boots the guest; so does `microvm run` in this directory.
      run = system: {
        type = "app";
        program = "${nixpkgs.legacyPackages.${system}.writeShellScript "run-my-microvm" ''
          exec ${microvm.packages.${system}.microvm}/bin/microvm run ${self}#my-microvm "$@"
        ''}";
      };
    in
    {
      nixosConfigurations.my-microvm = nixpkgs.lib.nixosSystem {
        modules = [
          microvm.nixosModules.microvm
          ./guest.nix
        ];
      };

      apps = nixpkgs.lib.genAttrs hosts (system: {
        default = run system;
      });
    };
}
