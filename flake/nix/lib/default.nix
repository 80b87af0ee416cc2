# What the flake offers as `lib`, besides plainGuest.
{
  # nixpkgs' lib.
  lib,
  # The package of the `microvm` program for a platform.
  microvmFor,
  # The guest's NixOS module.
  guestModule,
}:
rec {
  hypervisors = import ./hypervisors.nix;

  hypervisorsWithNetwork = hypervisors;

  defaultFsType = "ext4";

  # Volumes, each with the letter of its disk in the guest.
  withDriveLetters = import ./drive-letters.nix { inherit lib; };

  # A runner for this host of a guest that may come from anywhere, as long as its
  # options are ours or microvm.nix's: hypervisor and helpers are those of `pkgs`.
  #
  #   buildRunner {
  #     inherit pkgs;
  #     microvmConfig = guest.config.microvm // {
  #       inherit (guest.config.networking) hostName;
  #     };
  #     inherit (guest.config.system.build) toplevel;
  #   }
  buildRunner =
    {
      pkgs,
      microvmConfig,
      toplevel,
      microvm ? microvmFor pkgs.stdenv.hostPlatform.system,
    }:
    let
      inherit (pkgs) lib;
      system = microvmConfig.kernel.stdenv.hostPlatform.system or toplevel.system;
      tools = import ./tools.nix { inherit lib; } {
        inherit microvmConfig system;
        hostPackages = pkgs;
        packages = import ./host-packages.nix { inherit pkgs system; };
      };
    in
    import ./build-runner.nix { inherit lib; } {
      inherit microvm;
      hostPackages = pkgs;
      spec = import ./spec.nix { inherit lib; } {
        inherit
          microvmConfig
          system
          tools
          toplevel
          ;
      };
    };

  # Any NixOS configuration as a guest: one that already is stays as it is, another
  # is extended so that it boots in a VM whatever machine it was written for.
  toGuest =
    nixos:
    if nixos.config ? microvm.declaredRunner then
      nixos
    else
      nixos.extendModules {
        modules = [
          guestModule
          ../modules/any-system.nix
        ];
      };
}
