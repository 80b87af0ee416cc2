# The options of NixOS that the host module sets, with the types that NixOS gives
# them, so that a misspelt or mistyped one fails.
{ lib, ... }:

let
  inherit (lib) mkOption types;
  option = type: default: mkOption { inherit type default; };
  list = type: option (types.listOf type) [ ];
  attrs = type: option (types.attrsOf type) { };

  unitName = types.strMatching "[a-zA-Z0-9@%:_.\\-]+[.](service|target)";
  unitOption = types.oneOf [
    types.bool
    types.int
    types.str
    (types.listOf (types.either types.bool types.str))
  ];
  unit = {
    description = option types.str "";
    after = list unitName;
    before = list unitName;
    partOf = list unitName;
    requires = list unitName;
    wantedBy = list unitName;
    wants = list unitName;
    unitConfig = attrs unitOption;
    overrideStrategy = option (types.enum [
      "asDropinIfExists"
      "asDropin"
    ]) "asDropinIfExists";
  };

  service =
    { config, name, ... }:
    {
      options = unit // {
        environment = attrs types.str;
        path = list (types.either types.package types.str);
        restartIfChanged = option types.bool true;
        restartTriggers = list types.unspecified;
        script = option types.lines "";
        serviceConfig = attrs unitOption;
      };
      config.serviceConfig = lib.mkIf (config.script != "") { ExecStart = "/pkgs/scripts/bin/${name}"; };
    };

  tmpfile.options = {
    mode = option types.str "-";
    user = option types.str "-";
    group = option types.str "-";
    argument = option types.str "";
  };

  wrapper.options = {
    source = mkOption { type = types.path; };
    owner = mkOption { type = types.str; };
    group = mkOption { type = types.str; };
    capabilities = option types.commas "";
  };

  user.options = {
    isSystemUser = option types.bool false;
    group = option types.str "";
    extraGroups = list types.str;
  };

  limit.options = lib.genAttrs [
    "domain"
    "item"
    "type"
    "value"
  ] (_: mkOption { type = types.str; });
in
{
  options = {
    assertions = list types.unspecified;
    boot.kernelModules = list types.str;
    environment.etc = attrs (types.submodule { options.text = mkOption { type = types.lines; }; });
    environment.systemPackages = list types.package;
    environment.variables = attrs types.str;
    hardware.ksm.enable = option types.bool false;
    security.pam.loginLimits = list (types.submodule limit);
    security.wrappers = attrs (types.submodule wrapper);
    services.udev.extraRules = option types.lines "";
    systemd.services = attrs (types.submodule service);
    systemd.targets = attrs (types.submodule { options = unit; });
    systemd.tmpfiles.settings = attrs (types.attrsOf (types.attrsOf (types.submodule tmpfile)));
    users.groups = attrs (types.submodule { });
    users.users = attrs (types.submodule user);
    virtualisation.libvirtd.enable = option types.bool false;
  };
}
