# The options below microvm that the cases set, those of submodules too, named as
# options.nix does.
{ lib, cases }:
let
  isCase = definition: definition.file == "case";

  # The paths of the values in a definition of a submodule.
  pathsIn =
    prefix: value:
    if lib.isAttrs value then
      lib.concatLists (lib.mapAttrsToList (name: pathsIn (prefix ++ [ name ])) value)
    else
      [ prefix ];

  isSubmodules = option: option.type.name == "listOf" && option.type.getSubOptions [ ] != { };

  names =
    option:
    let
      definitions = lib.filter isCase option.definitionsWithLocations;
      elements = lib.concatMap (definition: definition.value) definitions;
    in
    lib.optional (definitions != [ ]) option.loc
    ++ lib.optionals (isSubmodules option) (
      lib.concatMap (pathsIn (option.loc ++ [ "*" ])) elements
    );

  ofCase =
    case:
    lib.concatMap names (
      lib.filter (option: option.visible or true) (lib.collect lib.isOption case.options.microvm)
    );
in
lib.unique (map lib.showOption (lib.concatMap ofCase (lib.attrValues cases)))
