# What the units need to know of each VM in microvm.vms. A guest may come from
# microvm.nix or from something else that only has a declaredRunner, so nothing
# but that is taken for granted.
{ config, lib }:

let
  cfg = config.microvm;

  # The name becomes a directory, part of unit names and of paths in them.
  checked =
    name: value:
    if builtins.match "[a-zA-Z0-9_][a-zA-Z0-9._-]*" name != null then
      value
    else
      throw "microvm.vms: the name ${builtins.toJSON name} has to consist of letters, digits, '.', '_' and '-'";

  evaluated =
    name: vm:
    if vm.flake != null then
      vm.flake.nixosConfigurations.${name}
        or (throw "microvm.vms.${name}.flake: the flake has no nixosConfigurations.${name}")
    else if vm.evaluatedConfig != null then
      vm.evaluatedConfig
    else if vm.config != null then
      vm.config
    else
      throw "microvm.vms.${name}: set one of config, flake and evaluatedConfig";

  describe =
    name: vm:
    let
      guest = (evaluated name vm).config;
      # lib.plainGuest has its storage and network in the spec only.
      field = path: lib.attrByPath path (lib.attrByPath path [ ] (guest.microvm.spec or { })) guest.microvm;
      dir = "${cfg.stateDir}/${name}";
      below = path: if lib.hasPrefix "/" path then path else "${dir}/${path}";
      interfaces = field [ "interfaces" ];
      typeOf = interface: interface.type or "user";
      devices = field [ "devices" ];
    in
    rec {
      inherit name vm dir;
      runner = guest.microvm.declaredRunner;
      toplevel = guest.system.build.toplevel or runner;
      machineId = guest.microvm.machineId or null;
      hypervisor = guest.microvm.hypervisor or null;
      isFlake = vm.flake != null;

      user = if vm.isolateUser then "microvm-${name}" else "microvm";
      group = user;

      shares = map (share: share // { source = below share.source; }) (field [ "shares" ]);
      images = map (volume: below volume.image) (field [ "volumes" ]);
      has = {
        bridge = lib.any (i: typeOf i == "bridge") interfaces;
        link = lib.any (i: typeOf i == "tap" || typeOf i == "macvtap") interfaces;
        pci = lib.any (d: d.bus == "pci") devices;
      };
      blockDevices = lib.unique (vm.blockDevices ++ lib.filter (lib.hasPrefix "/dev/") images);
    };
in
lib.mapAttrs (name: vm: checked name (describe name vm)) cfg.vms
