# The submodule of microvm.vms.
{ lib, pkgs }:
{ config, name, ... }:

let
  inherit (lib) mkOption types;
  onlyWithConfig = "Matters only together with `config`.";
in
{
  options = {
    config = mkOption {
      type = types.nullOr (import ./vm-config-type.nix { inherit lib pkgs; } name config);
      default = null;
      description = ''
        The guest as a NixOS module, for a VM that is defined right here and needs
        no flake. The module of the guest's `microvm` options is included.
      '';
    };

    evaluatedConfig = mkOption {
      type = types.nullOr types.unspecified;
      default = null;
      description = ''
        The guest as the result of an evaluation, such as that of
        `nixpkgs.lib.nixosSystem`, if something else than NixOS's own
        `eval-config.nix` has to do it.
      '';
    };

    nixpkgs = mkOption {
      type = types.path;
      default = if config.pkgs != null then config.pkgs.path else pkgs.path;
      defaultText = lib.literalExpression "pkgs.path";
      description = "The nixpkgs whose NixOS the guest is. ${onlyWithConfig}";
    };

    pkgs = mkOption {
      type = types.nullOr types.unspecified;
      default = pkgs;
      defaultText = lib.literalExpression "pkgs";
      description = ''
        The package set of the guest, which decides its architecture too. With
        null the guest's own `nixpkgs` options make one. ${onlyWithConfig}
      '';
    };

    specialArgs = mkOption {
      type = types.attrsOf types.unspecified;
      default = { };
      description = "Additional arguments of the guest's modules, usable in `imports`. ${onlyWithConfig}";
    };

    extraModules = mkOption {
      type = types.listOf types.deferredModule;
      default = [ ];
      example = lib.literalExpression "[ inputs.sops-nix.nixosModules.sops ]";
      description = "Modules of the guest in addition to `config`. ${onlyWithConfig}";
    };

    flake = mkOption {
      type = types.nullOr types.path;
      default = null;
      example = lib.literalExpression "inputs.servers";
      description = "The flake whose `nixosConfigurations` has a guest of this name.";
    };

    updateFlake = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "git+file:///etc/nixos";
      description = ''
        Where `microvm -u` gets later versions of the guest. The host then only
        installs the first one, and leaves the VM alone afterwards.
      '';
    };

    autostart = mkOption {
      type = types.bool;
      default = true;
      description = "Whether the VM starts with the machine.";
    };

    restartIfChanged = mkOption {
      type = types.bool;
      default = config.config != null;
      defaultText = lib.literalExpression "config.config != null";
      description = ''
        Whether a switch to a new configuration of the host restarts the VM if the
        guest has changed.
      '';
    };

    isolateUser = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether the VM runs as a user of its own, `microvm-NAME`, instead of the
        `microvm` user that all others share. The images of its volumes are given
        to it. Not for VMs with tap or macvtap interfaces or passed-through PCI
        devices, which are made for the shared user.
      '';
    };

    blockDevices = mkOption {
      type = types.listOf (import ./block-device-type.nix { inherit lib; });
      default = [ ];
      example = [ "/dev/disk/by-id/ata-WDC_WD40EFRX" ];
      description = ''
        Block devices of the host that volumes of this VM use. The VM's user gets
        access to these, and to no others. Names that udev makes, as in
        {file}`/dev/disk/by-id`, stay right when disks are plugged elsewhere.
      '';
    };
  };
}
