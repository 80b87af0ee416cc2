# Types as data: what a value must be, in words, and how to tell.
let
  inherit (builtins)
    all
    concatStringsSep
    elem
    isAttrs
    isBool
    isInt
    isList
    isPath
    isString
    match
    ;

  isDerivation = v: isAttrs v && v.type or null == "derivation";
  isFile = v: isPath v || isString v || isDerivation v;
  matches = regex: v: isString v && match regex v != null;
in
{
  attrs = {
    expected = "an attribute set";
    check = v: isAttrs v && !isDerivation v;
  };

  bool = {
    expected = "true or false";
    check = isBool;
  };

  enum = names: {
    expected = "one of ${concatStringsSep ", " names}";
    check = v: elem v names;
  };

  file = {
    expected = "a path, the string of one, or a derivation";
    check = isFile;
  };

  int = {
    expected = "an integer";
    check = isInt;
  };

  listOf = type: {
    expected = "a list, each item ${type.expected}";
    check = v: isList v && all type.check v;
  };

  nullOr = type: {
    expected = "null or ${type.expected}";
    check = v: v == null || type.check v;
  };

  package = {
    expected = "a package, or the path of a static executable";
    check = isFile;
  };

  string = {
    expected = "a string";
    check = isString;
  };

  system = {
    expected = "a string such as \"x86_64-linux\"";
    check = matches "[a-z0-9_]+-[a-z0-9]+";
  };

  vmName = {
    expected = "a string of A-Z a-z 0-9 . _ - other than \".\" and \"..\"";
    check = v: matches "[A-Za-z0-9._-]+" v && v != "." && v != "..";
  };
}
