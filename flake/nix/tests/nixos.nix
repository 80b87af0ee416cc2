# The options of NixOS that the modules touch, with their types: an option that
# NixOS does not have is an error here as well.
{ lib, pkgs, ... }:
let
  inherit (lib) mkOption types;

  option =
    type: default:
    mkOption {
      inherit type default;
    };
  flag = option types.bool;
  strings = option (types.listOf types.str) [ ];
  lines = option types.lines "";

  fileSystem.options = {
    device = option (types.nullOr types.nonEmptyStr) null;
    fsType = option types.nonEmptyStr "auto";
    options = option (types.nonEmptyListOf types.nonEmptyStr) [ "defaults" ];
    neededForBoot = flag false;
    noCheck = flag false;
    overlay = {
      lowerdir = option (types.nullOr (types.nonEmptyListOf types.str)) null;
      upperdir = option (types.nullOr types.str) null;
      workdir = option (types.nullOr types.str) null;
    };
  };

  unit.options.enable = flag true;

  mount.options = {
    what = mkOption { type = types.str; };
    where = mkOption { type = types.str; };
    overrideStrategy = option (types.enum [
      "asDropin"
      "asDropinIfExists"
    ]) "asDropinIfExists";
    unitConfig = option (types.attrsOf (
      types.oneOf [
        types.bool
        types.str
      ]
    )) { };
  };
in
{
  options = {
    assertions = option (types.listOf types.unspecified) [ ];
    warnings = strings;

    boot = {
      blacklistedKernelModules = strings;
      initrd = {
        availableKernelModules = strings;
        kernelModules = strings;
        luks.devices = option (types.attrsOf types.unspecified) { };
        systemd = {
          enable = flag false;
          tpm2.enable = flag true;
        };
      };
      kernelModules = strings;
      kernelPackages = option types.raw { kernel = pkgs.linux; };
      kernelParams = strings;
      loader = {
        grub.enable = flag true;
        systemd-boot.enable = flag false;
      };
      postBootCommands = lines;
      swraid.enable = flag true;
    };

    documentation.enable = flag true;
    environment = {
      etc = option (types.attrsOf (types.submodule { options.text = mkOption { type = types.lines; }; })) { };
      systemPackages = option (types.listOf types.package) [ ];
    };
    fileSystems = option (types.attrsOf (types.submodule fileSystem)) { };

    networking = {
      hostId = option (types.nullOr (types.strMatching "[0-9a-f]{8}")) null;
      hostName = option types.str "nixos";
      useNetworkd = flag false;
    };

    nix = {
      enable = flag true;
      nixPath = strings;
      optimise.automatic = flag false;
      package = option types.package pkgs.nix;
      settings.auto-optimise-store = flag false;
    };
    nixpkgs.overlays = option (types.listOf types.raw) [ ];

    security.virtualisation.flushL1DataCache = option (types.nullOr types.str) null;
    services.openssh.enable = flag false;
    swapDevices = option (types.listOf types.attrs) [ ];

    system = {
      boot.loader = {
        initrdFile = option types.str "initrd";
        kernelFile = option types.str pkgs.linux.target;
      };
      build = {
        initialRamdisk = option types.package (pkgs.package "initrd");
        toplevel = option types.package (pkgs.package "nixos-system");
      };
      nixos.label = option types.str "26.11";
      switch.enable = flag true;
    };

    systemd = {
      generators = option (types.attrsOf types.path) { };
      mounts = option (types.listOf (types.submodule mount)) [ ];
      network.wait-online.enable = flag true;
      services = option (types.attrsOf (types.submodule unit)) { };
      sockets = option (types.attrsOf (types.submodule unit)) { };
      tpm2.enable = flag true;
    };

    virtualisation.rosetta.enable = flag false;
  };
}
