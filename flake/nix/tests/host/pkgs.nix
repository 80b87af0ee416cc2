# Packages that cannot be built, at paths that do not depend on the machine.
{ lib }:

let
  package = name: {
    type = "derivation";
    inherit name;
    outPath = "/pkgs/${name}";
  };
  names = [
    "coreutils"
    "qemu-utils"
    "util-linux"
  ];
in
lib.genAttrs names package
// {
  path = ./nixpkgs;
  runtimeShell = "/pkgs/bash/bin/sh";
  stdenv.hostPlatform.system = "x86_64-linux";
  callPackage = file: _: package (lib.removeSuffix ".nix" (baseNameOf file));
}
