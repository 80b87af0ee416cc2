# The UUID of a VM that was given none: the one that microvm.nix gives it.
{ lib, hostName }:
let
  hash = builtins.hashString "sha256" "microvm.nix:${hostName}";
  digits = from: count: lib.substring from count hash;
in
lib.concatStringsSep "-" [
  (digits 0 8)
  (digits 8 4)
  (digits 12 4)
  (digits 16 4)
  (digits 20 12)
]
