{ lib, pkgs, ... }:

let
  inherit (lib) mkOption types;
in
{
  options.microvm = {
    host = {
      enable = mkOption {
        type = types.bool;
        default = true;
        description = "Whether this machine runs microVMs.";
      };

      package = mkOption {
        type = types.package;
        default = pkgs.callPackage ../../packages/microvm.nix { };
        defaultText = lib.literalMD "built from this flake with the host's nixpkgs";
        description = "The `microvm` command for administrators and for the units.";
      };

      startupTimeout = mkOption {
        type = types.ints.positive;
        default = 150;
        description = "How many seconds a VM may take to start, and again to stop.";
      };

      useNotifySockets = mkOption {
        type = types.bool;
        default = false;
        description = ''
          Whether VMs that are not in {option}`microvm.vms` count as started only
          when the guest says so through its vsock. A guest that never does is
          taken for one that failed to start.
        '';
      };
    };

    stateDir = mkOption {
      type = types.path;
      default = "/var/lib/microvms";
      description = "The directory that holds one directory for each VM.";
    };

    autostart = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "web" ];
      description = ''
        Names of the VMs that start with the machine. Those of
        {option}`microvm.vms` add themselves; VMs that were created by the
        `microvm` command can be added here.
      '';
    };
  };
}
