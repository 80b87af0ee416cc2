lib: system:

let
  package =
    name: fields:
    derivation {
      inherit name system;
      builder = "/bin/sh";
    }
    // fields;

  # Those that a flake of ours takes from nixpkgs, and nothing else.
  packages =
    lib.genAttrs [
      "e2fsprogs"
      "git"
      "gnumake"
      "installShellFiles"
      "iproute2"
      "kmod"
      "nixfmt-tree"
      "qemu"
      "virtiofsd"
      "xz"
      "zstd"
    ] (name: package name { })
    // {
      inherit lib system;
      stdenv = {
        hostPlatform = lib.systems.elaborate system;
        buildPlatform = lib.systems.elaborate system;
      };
      go = package "go" { version = "1.26.3"; };
      callPackage = lib.callPackageWith packages;
      buildGoModule = args: package "${args.pname}-${args.version}" { inherit args; };
      mkShell = args: package "shell" { inherit args; };
      writeShellScript = name: text: package name { inherit text; };
      runCommand =
        name: fields: text:
        package name (fields // { inherit text; });
      testers.runNixOSTest = test: package test.name { inherit test; };
    };
in
packages
