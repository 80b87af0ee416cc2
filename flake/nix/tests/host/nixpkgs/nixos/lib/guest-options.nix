{ config, lib, ... }:

let
  inherit (lib) mkOption types;
  list = mkOption {
    type = types.listOf (types.attrsOf types.unspecified);
    default = [ ];
  };
  inherit (config.networking) hostName;
in
{
  options = {
    networking.hostName = mkOption { type = types.str; };
    system.build.toplevel = mkOption { type = types.unspecified; };
    microvm = {
      declaredRunner = mkOption { type = types.unspecified; };
      package = mkOption { type = types.package; };
      vmHostPackages = mkOption {
        type = types.unspecified;
        default = import ../../../pkgs.nix { inherit lib; };
      };
      machineId = mkOption {
        type = types.nullOr types.str;
        default = null;
      };
      hypervisor = mkOption {
        type = types.str;
        default = "qemu";
      };
      registerWithMachined = mkOption {
        type = types.bool;
        default = false;
      };
      devices = list;
      interfaces = list;
      shares = list;
      volumes = list;
    };
  };

  config = {
    system.build.toplevel = "/pkgs/nixos-${hostName}";
    microvm.declaredRunner = {
      # The program that a runner calls is a dependency of its.
      outPath = "/pkgs/${config.microvm.package.name}-${hostName}";
      supportsNotifySocket = config.microvm.hypervisor == "cloud-hypervisor";
      inherit (config.microvm) registerWithMachined;
    };
  };
}
