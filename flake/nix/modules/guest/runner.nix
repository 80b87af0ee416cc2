# From the options to the spec and its runners.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.microvm;
  inherit (pkgs.stdenv.hostPlatform) system;

  packages = {
    qemu = cfg.qemu.package;
    alioth = cfg.alioth.package;
    cloud-hypervisor = cfg.cloud-hypervisor.package;
    crosvm = cfg.crosvm.package;
    firecracker = cfg.firecracker.package;
    kvmtool = cfg.kvmtool.package;
    stratovirt = cfg.stratovirt.package;
    vfkit = cfg.vfkit.package;
    virtiofsd = cfg.virtiofsd.package;
    gpu = cfg.graphics.crosvmPackage;
  };

  specFor =
    hypervisor:
    let
      microvmConfig = cfg // {
        inherit hypervisor;
        inherit (config.networking) hostName;
      };
    in
    import ../../lib/spec.nix { inherit lib; } {
      inherit microvmConfig system;
      inherit (config.system.build) toplevel;
      tools = import ../../lib/tools.nix { inherit lib; } {
        inherit microvmConfig packages system;
        hostPackages = cfg.vmHostPackages;
      };
    };

  runnerFor =
    hypervisor:
    import ../../lib/build-runner.nix { inherit lib; } {
      spec = specFor hypervisor;
      hostPackages = cfg.vmHostPackages;
      microvm = cfg.package;
    };
in
{
  config.microvm = {
    spec = specFor cfg.hypervisor;
    runner = lib.genAttrs (import ../../lib/hypervisors.nix) runnerFor;
  };
}
