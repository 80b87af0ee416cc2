# What the hypervisor boots.
{ config, lib, ... }:
let
  inherit (lib) literalExpression mkOption types;
in
{
  options.microvm = {
    kernel = mkOption {
      type = types.package;
      default = config.boot.kernelPackages.kernel;
      defaultText = literalExpression "config.boot.kernelPackages.kernel";
      description = ''
        The kernel to boot. Set {option}`boot.kernelPackages` rather than this,
        so that the modules are those of the same kernel.
      '';
    };

    initrdPath = mkOption {
      type = types.path;
      default = "${config.system.build.initialRamdisk}/${config.system.boot.loader.initrdFile}";
      defaultText = literalExpression ''"''${config.system.build.initialRamdisk}/''${config.system.boot.loader.initrdFile}"'';
      description = "The initrd to boot.";
    };

    kernelParams = mkOption {
      type = types.listOf types.str;
      description = ''
        The kernel's parameters: {option}`boot.kernelParams`, and those that
        refer to the system itself and so cannot be part of it.
      '';
    };

    bootDisk = mkOption {
      type = types.path;
      description = ''
        A disk image with an EFI system partition that boots the guest's kernel
        and initrd by systemd-boot, for hypervisors and clouds that cannot be
        given a kernel.
      '';
    };
  };
}
