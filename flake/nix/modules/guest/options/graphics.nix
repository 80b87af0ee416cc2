# The guest's display.
{ config, lib, ... }:
let
  inherit (lib) literalExpression mkOption types;
  inherit (config.networking) hostName;
  hostPackages = config.microvm.vmHostPackages;
in
{
  options.microvm.graphics = {
    enable = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the guest has a display.";
    };

    backend = mkOption {
      type = types.enum [
        "gtk"
        "cocoa"
        "headless"
      ];
      default = if hostPackages.stdenv.hostPlatform.isDarwin then "cocoa" else "gtk";
      defaultText = literalExpression ''if config.microvm.vmHostPackages.stdenv.hostPlatform.isDarwin then "cocoa" else "gtk"'';
      description = ''
        How QEMU shows it: in a window, which needs somebody's session, or not
        at all (`headless`), which a system service can do as well.
      '';
    };

    socket = mkOption {
      type = types.str;
      default = "${hostName}-gpu.sock";
      defaultText = literalExpression ''"''${config.networking.hostName}-gpu.sock"'';
      description = "Path of the vhost-user GPU's socket, relative to the VM's directory.";
    };

    crosvmPackage = mkOption {
      type = types.package;
      default = hostPackages.crosvm;
      defaultText = literalExpression "config.microvm.vmHostPackages.crosvm";
      description = "The crosvm that provides the GPU of cloud-hypervisor.";
    };

    vulkan = mkOption {
      type = types.nullOr (
        types.enum [
          "venus"
          "drm_native_context"
        ]
      );
      default = null;
      description = "How QEMU translates Vulkan; null is without Vulkan.";
    };

    hostmem = mkOption {
      type = types.str;
      default = "256M";
      description = ''
        Size of the window into host memory of QEMU's virtio-gpu, with the unit
        M or G.
      '';
    };
  };
}
