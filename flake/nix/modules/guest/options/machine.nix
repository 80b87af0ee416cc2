# What kind of machine the guest gets, and who starts it.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) literalExpression mkOption types;
  cfg = config.microvm;
  inherit (config.networking) hostName;
in
{
  imports = [
    (lib.mkRemovedOptionModule [
      "microvm"
      "balloonMem"
    ] "Set microvm.balloon = true instead.")
  ];

  options.microvm = {
    guest.enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether this system is the guest of a microVM.";
    };

    optimize.enable = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Whether to choose defaults that make the system smaller and its boot
        faster: no documentation, systemd in the initrd, systemd-networkd
        without its wait-online service, and no `switch-to-configuration`
        where nothing could call it.
      '';
    };

    hypervisor = mkOption {
      type = types.enum (import ../../../lib/hypervisors.nix);
      default = "qemu";
      description = "The hypervisor of {option}`microvm.declaredRunner`.";
    };

    vcpu = mkOption {
      type = types.ints.positive;
      default = 1;
      description = "Number of virtual CPUs.";
    };

    cpu = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = ''
        The CPU model to emulate, such as `"max"`; null is the host's own CPU.
        Emulation is slow, and only QEMU does it.
      '';
    };

    user = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "The user that the hypervisor becomes when root starts it.";
    };

    socket = mkOption {
      type = types.nullOr types.str;
      default = "${hostName}.sock";
      defaultText = literalExpression ''"''${config.networking.hostName}.sock"'';
      description = ''
        Path of the hypervisor's control socket, relative to the VM's
        directory; null is a VM without one, which cannot be asked to shut down.
      '';
    };

    machineId = mkOption {
      type = types.nullOr types.str;
      default = import ../../../lib/machine-id.nix { inherit lib hostName; };
      defaultText = lib.literalMD "derived from {option}`networking.hostName`";
      example = "a67472e5-570e-5c8a-b18c-ae3c77701050";
      description = ''
        The VM's UUID. It becomes the SMBIOS UUID, the name under which
        systemd-machined knows the VM, and {file}`/etc/machine-id`. With null
        the guest makes an id of its own.
      '';
    };

    registerWithMachined = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether to register the VM with the host's systemd-machined, so that
        `machinectl` lists it and can end it.
      '';
    };

    prettyProcnames = mkOption {
      type = types.bool;
      default = true;
      description = "Whether the hypervisor's process is called `microvm@NAME`.";
    };

    credentialFiles = mkOption {
      type = types.attrsOf types.path;
      default = { };
      example = literalExpression ''{ SOPS_AGE_KEY = "/run/secrets/guest-age-key"; }'';
      description = ''
        Files of the host that the guest's systemd gets as credentials, by the
        credential's name. Write the paths as strings: Nix would copy a path
        literal to the store, which everybody can read.
      '';
    };

    vmHostPackages = mkOption {
      type = types.pkgs;
      default = if cfg.cpu == null then pkgs else pkgs.buildPackages;
      defaultText = literalExpression "if config.microvm.cpu == null then pkgs else pkgs.buildPackages";
      example = literalExpression "nixpkgs.legacyPackages.aarch64-darwin";
      description = ''
        The packages of the host: hypervisor, virtiofsd and mkfs come from
        here, unless the host brings its own.
      '';
    };
  };
}
