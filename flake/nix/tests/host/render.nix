# The files that NixOS makes of an evaluated configuration, by name.
{ lib, config }:

let
  value = v: if v == true then "true" else if v == false then "false" else toString v;
  line = name: v: if lib.isList v then map (line name) v else "${name}=${value v}\n";
  section =
    name: fields:
    lib.optionalString (fields != { }) (
      "[${name}]\n" + lib.concatStrings (lib.flatten (lib.mapAttrsToList line fields))
    );
  words =
    names: unit:
    lib.mapAttrs' (name: field: lib.nameValuePair field (toString unit.${name})) (
      lib.filterAttrs (name: _: unit.${name} != "" && unit.${name} != [ ]) names
    );

  unitSection =
    unit:
    words {
      description = "Description";
      after = "After";
      before = "Before";
      partOf = "PartOf";
      requires = "Requires";
      wants = "Wants";
    } unit
    // unit.unitConfig;

  environment =
    service:
    service.environment
    // lib.optionalAttrs (service.path != [ ]) {
      PATH = lib.concatMapStringsSep ":" (p: "${p}/bin") service.path;
    };

  install = unit: section "Install" (words { wantedBy = "WantedBy"; } unit);

  service =
    s:
    section "Unit" (
      unitSection s
      // lib.optionalAttrs (s.restartTriggers != [ ]) {
        X-Restart-Triggers = toString s.restartTriggers;
      }
    )
    + section "Service" (
      {
        Environment = lib.mapAttrsToList (name: v: ''"${name}=${v}"'') (environment s);
      }
      // lib.optionalAttrs (!s.restartIfChanged) { X-RestartIfChanged = false; }
      // s.serviceConfig
    )
    + install s;

  serviceFile = name: s: {
    name = if s.overrideStrategy == "asDropin" then "${name}.service.d/overrides.conf" else "${name}.service";
    value = service s;
  };
  targetFile = name: t: {
    name = "${name}.target";
    value = section "Unit" (unitSection t) + install t;
  };
  scriptFile = name: s: {
    name = "${name}.script";
    value = s.script + "\n";
  };

  rule =
    path: type: entry:
    "${type} ${path} ${entry.mode} ${entry.user} ${entry.group} - ${entry.argument}\n";
  tmpfiles = paths: lib.concatStrings (lib.flatten (lib.mapAttrsToList (path: lib.mapAttrsToList (rule path)) paths));
in
lib.mapAttrs' serviceFile config.systemd.services
// lib.mapAttrs' targetFile config.systemd.targets
// lib.mapAttrs' scriptFile (lib.filterAttrs (_: s: s.script != "") config.systemd.services)
// lib.mapAttrs' (name: paths: lib.nameValuePair "${name}.tmpfiles" (tmpfiles paths)) config.systemd.tmpfiles.settings
// {
  "local.rules" = config.services.udev.extraRules;
}
