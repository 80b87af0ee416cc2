{ config, lib, ... }:

let
  cfg = config.microvm;

  sources =
    vm:
    lib.filter (source: vm.${source} != null) [
      "config"
      "evaluatedConfig"
      "flake"
    ];

  forVM =
    name: vm:
    let
      guest = (import ./guests.nix { inherit config lib; }).${name};
      says = assertion: message: {
        inherit assertion;
        message = "microvm.vms.${name}: ${message}";
      };
    in
    [
      (says (sources vm != [ ]) "set one of config, flake and evaluatedConfig")
      (says (vm.config != null -> vm.flake == null) "config and flake exclude each other")
      (says (
        vm.updateFlake != null -> vm.flake != null
      ) "updateFlake needs flake, which says what to install first")
      (says (
        vm.isolateUser -> builtins.stringLength name <= 23
      ) "isolateUser makes a user microvm-NAME, of at most 31 characters: choose a shorter name")
    ]
    ++ lib.optional (vm.isolateUser && sources vm != [ ]) (
      says (
        !guest.has.link && !guest.has.pci
      ) "isolateUser excludes tap and macvtap interfaces and PCI devices, which belong to the microvm user"
    );
in
{
  config = lib.mkIf cfg.host.enable {
    assertions = lib.concatLists (lib.mapAttrsToList forVM cfg.vms);
  };
}
