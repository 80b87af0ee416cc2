{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) literalExpression mkOption types;
  cfg = config.microvm;
  hostPackages = cfg.vmHostPackages;

  optional =
    type: description:
    mkOption {
      type = types.nullOr type;
      default = null;
      inherit description;
    };

  rootPort.options = {
    id = mkOption {
      type = types.str;
      description = "What QEMU calls the port.";
    };
    bus = optional types.str "The bus that the port is on.";
    chassis = optional types.int "The port's chassis number.";
    slot = optional types.str "The port's slot number.";
    addr = optional types.str "The port's address on its bus.";
  };
in
{
  options.microvm.qemu = {
    package = mkOption {
      type = types.package;
      default =
        if cfg.cpu == null && hostPackages.stdenv.hostPlatform.isLinux then
          hostPackages.qemu_kvm
        else
          hostPackages.qemu;
      defaultText = literalExpression ''
        if config.microvm.cpu == null && config.microvm.vmHostPackages.stdenv.hostPlatform.isLinux then
          config.microvm.vmHostPackages.qemu_kvm
        else
          config.microvm.vmHostPackages.qemu
      '';
      description = "The QEMU to use.";
    };

    machine = mkOption {
      type = types.str;
      description = ''
        QEMU's machine model: `microvm` (the default on x86_64), `virt` (on
        aarch64), or `q35`, for instance for memory hotplug.
      '';
    };

    machineOpts = mkOption {
      type = types.nullOr (types.attrsOf types.str);
      default = null;
      description = "Properties of the machine that replace all that are set otherwise.";
    };

    serialConsole = mkOption {
      type = types.bool;
      default = true;
      description = "Whether the guest's console is on a serial port.";
    };

    pcieRootPorts = mkOption {
      type = types.listOf (types.submodule rootPort);
      default = [ ];
      example = literalExpression ''
        [
          {
            id = "port0";
            bus = "pcie.0";
            chassis = 0;
          }
        ]
      '';
      description = ''
        PCIe root ports. Devices can be plugged into them while the guest runs,
        which the root bus of `q35` does not allow.
      '';
    };

    extraArgs = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Further arguments of QEMU.";
    };
  };

  config.microvm.qemu.machine = lib.mkMerge [
    (lib.mkIf (pkgs.stdenv.hostPlatform.system == "x86_64-linux") (lib.mkDefault "microvm"))
    (lib.mkIf (pkgs.stdenv.hostPlatform.system == "aarch64-linux") (lib.mkDefault "virt"))
  ];
}
