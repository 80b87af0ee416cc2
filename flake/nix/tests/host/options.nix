# Which options of the host module full.nix leaves alone, and which have no
# description.
{ lib }:

let
  inherit
    (lib.evalModules {
      specialArgs.pkgs = import ./pkgs.nix { inherit lib; };
      modules = [
        ./full.nix
        ./stubs.nix
        ../../modules/host
      ];
    })
    options
    ;

  ours = lib.collect lib.isOption (removeAttrs options.microvm [ "vms" ]) ++ [ options.microvm.vms ];
  nested = lib.collect lib.isOption (
    removeAttrs (options.microvm.vms.type.getSubOptions options.microvm.vms.loc) [ "_module" ]
  );
  set = lib.concatMap builtins.attrNames (lib.concatMap (d: lib.attrValues d) options.microvm.vms.definitions);

  name = option: lib.showOption option.loc;
in
{
  unset =
    map name (lib.filter (o: !o.isDefined || o.highestPrio >= (lib.mkOptionDefault null).priority) ours)
    ++ map name (lib.filter (o: !lib.elem (lib.last o.loc) set) nested);
  undocumented = map name (lib.filter (o: (o.description or "") == "") (ours ++ nested));
}
