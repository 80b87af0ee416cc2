# Every problem of plainGuest's arguments that only Nix can see, as a list of
# sentences: Go sees the JSON, in which a path literal is a string like another.
args:
let
  inherit (builtins)
    attrNames
    concatMap
    concatStringsSep
    elem
    filter
    hasAttr
    isAttrs
    isPath
    toJSON
    typeOf
    ;

  fields = import ./plain-guest-fields.nix;
  known = fields.required // fields.special // fields.spec;

  missing = map (name: "argument \"${name}\" is missing: ${fields.required.${name}.expected}") (
    filter (name: !hasAttr name args) (attrNames fields.required)
  );

  scalars = [
    "string"
    "int"
    "bool"
    "null"
  ];
  show = v: if elem (typeOf v) scalars then toJSON v else "a ${typeOf v}";

  checkType =
    name:
    if !hasAttr name known then
      [ "unknown argument \"${name}\": expected one of ${concatStringsSep ", " (attrNames known)}" ]
    else if !known.${name}.check args.${name} then
      [ "argument \"${name}\": expected ${known.${name}.expected}, got ${show args.${name}}" ]
    else
      [ ];

  typeProblems = missing ++ concatMap checkType (attrNames args);

  foreignFile =
    name:
    let
      fileSystem = args.${name}.system or args.system;
    in
    if isAttrs (args.${name} or null) && fileSystem != args.system then
      [ "argument \"${name}\" is a package for ${fileSystem}, but the guest is ${args.system}" ]
    else
      [ ];

  # A literal is copied into the store, where it is neither secret nor writable.
  secret =
    name:
    if isPath args.credentialFiles.${name} then
      [ "argument \"credentialFiles\": \"${name}\" is a path literal, which Nix would copy into the world-readable store: write it as a string" ]
    else
      [ ];

  volume =
    v:
    if isPath (v.image or null) && !(v.readOnly or false) then
      [ "argument \"volumes\": image ${toString v.image} is a path literal, which Nix would copy into the read-only store: write it as a string, or set readOnly = true" ]
    else
      [ ];
in
if typeProblems != [ ] then
  typeProblems
else
  concatMap foreignFile [
    "kernel"
    "kernelElf"
    "initrd"
  ]
  ++ concatMap secret (attrNames (args.credentialFiles or { }))
  ++ concatMap volume (args.volumes or [ ])
