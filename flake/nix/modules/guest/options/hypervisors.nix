# The hypervisors that have few options of their own.
{ config, lib, ... }:
let
  inherit (lib) literalExpression mkOption types;
  cfg = config.microvm;
  hostPackages = cfg.vmHostPackages;

  packageOption =
    name:
    mkOption {
      type = types.package;
      default = hostPackages.${name};
      defaultText = literalExpression "config.microvm.vmHostPackages.${name}";
      description = "The ${name} to use.";
    };

  extraArgsOption =
    name:
    mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Further arguments of ${name}.";
    };

  flagOption =
    description:
    mkOption {
      type = types.bool;
      default = false;
      inherit description;
    };

  jsonValue =
    types.nullOr (
      types.oneOf [
        types.bool
        types.int
        types.float
        types.str
        types.path
        (types.attrsOf jsonValue)
        (types.listOf jsonValue)
      ]
    )
    // {
      # Otherwise the description would contain itself.
      description = "JSON value";
    };
in
{
  options.microvm = {
    alioth.package = packageOption "alioth";
    kvmtool.package = packageOption "kvmtool";
    stratovirt.package = packageOption "stratovirt";

    cloud-hypervisor = {
      package = mkOption {
        type = types.package;
        default =
          if cfg.graphics.enable then
            hostPackages.cloud-hypervisor-graphics
          else
            hostPackages.cloud-hypervisor;
        defaultText = literalExpression ''
          if config.microvm.graphics.enable then
            config.microvm.vmHostPackages.cloud-hypervisor-graphics
          else
            config.microvm.vmHostPackages.cloud-hypervisor
        '';
        description = "The cloud-hypervisor to use.";
      };

      platformOEMStrings = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "io.systemd.credential:APIKEY=supersecret" ];
        description = ''
          SMBIOS strings of the guest, each without `oem_strings=` and brackets.
          They end up in the world-readable store: use
          {option}`microvm.credentialFiles` for secrets.
        '';
      };

      extraArgs = extraArgsOption "cloud-hypervisor";
    };

    crosvm = {
      package = packageOption "crosvm";
      extraArgs = extraArgsOption "crosvm";
      pivotRoot = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "An empty directory that becomes the root of crosvm's sandbox.";
      };
    };

    firecracker = {
      package = packageOption "firecracker";
      extraArgs = extraArgsOption "firecracker";
      cpu = mkOption {
        type = types.nullOr types.attrs;
        default = null;
        description = "A custom CPU template.";
      };
      driveIoEngine = mkOption {
        type = types.enum [
          "Async"
          "Sync"
        ];
        default = "Async";
        description = "How Firecracker reads and writes disks: by io_uring (`Async`) or not.";
      };
      extraConfig = mkOption {
        type = types.submodule { freeformType = jsonValue; };
        default = { };
        description = "What is merged into Firecracker's configuration file.";
      };
    };

    vfkit = {
      package = packageOption "vfkit";
      extraArgs = extraArgsOption "vfkit";
      logLevel = mkOption {
        type = types.nullOr (
          types.enum [
            "debug"
            "info"
            "error"
          ]
        );
        default = "info";
        description = "How much vfkit logs; null is its own default.";
      };
      rosetta = {
        enable = flagOption ''
          Whether an aarch64 guest runs x86_64 programs by Apple's Rosetta, which
          needs Apple silicon.'';
        install = flagOption "Whether to install Rosetta on a host that lacks it.";
        ignoreIfMissing = flagOption "Whether to start the guest without Rosetta on a host that lacks it.";
      };
    };
  };
}
