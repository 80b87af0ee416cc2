# NixOS without its options: what a configuration says is taken as it is. The
# microvm modules are left out.
lib:
{ modules }:

let
  isOurs =
    module:
    lib.isFunction module || builtins.isPath module && !lib.hasSuffix ".nix" (toString module);
  evaluated = lib.evalModules {
    specialArgs.pkgs = { };
    modules = lib.filter (module: !isOurs module) modules ++ [
      { freeformType = lib.types.lazyAttrsOf lib.types.anything; }
      { options.microvm = lib.mkOption { type = lib.types.lazyAttrsOf lib.types.anything; }; }
      { microvm.declaredRunner = "/runner"; }
    ];
  };
in
evaluated // { ours = lib.count isOurs modules; }
