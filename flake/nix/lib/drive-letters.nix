# The store disk, if there is one, is the guest's first disk, /dev/vda.
{ lib }:
{ volumes, storeOnDisk, ... }:
let
  letters = lib.drop (if storeOnDisk then 1 else 0) lib.strings.lowerChars;
in
lib.zipListsWith (volume: letter: volume // { inherit letter; }) volumes letters
