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
      outPath = "/pkgs/microvm-${hostName}";
      supportsNotifySocket = config.microvm.hypervisor == "cloud-hypervisor";
      inherit (config.microvm) registerWithMachined;
    };
  };
}
