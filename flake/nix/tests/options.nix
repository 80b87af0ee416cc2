# Every option below microvm, those of submodules too: name, type and default as
# far as that is a value.
{ lib, options }:
let
  inherit (builtins) toJSON tryEval unsafeDiscardStringContext;

  shown =
    value:
    if lib.isDerivation value then
      "package ${value.pname or value.name}"
    else if value._type or null == "pkgs" then
      "pkgs"
    else
      unsafeDiscardStringContext (toJSON value);

  default =
    option:
    let
      value = tryEval (shown option.default);
    in
    if !(option ? default) then
      null
    else if value.success then
      value.value
    else
      "depends";

  describe = option: {
    name = lib.showOption option.loc;
    type = option.type.description;
    default = default option;
  };

  isModuleArgs = option: lib.elem "_module" option.loc;
  isRemoved = option: option.visible or true == false;

  walk =
    set:
    lib.concatMap (option: [ (describe option) ] ++ walk (option.type.getSubOptions option.loc)) (
      lib.filter (option: !isModuleArgs option && !isRemoved option) (lib.collect lib.isOption set)
    );
in
lib.sort (a: b: a.name < b.name) (walk options.microvm)
