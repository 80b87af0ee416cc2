# As much of nixpkgs as the modules touch. The packages are empty files, so that
# a runner of them can be built; runCommand is real.
{
  lib,
  system ? "x86_64-linux",
}:
let
  arch = lib.head (lib.splitString "-" system);

  hostPlatform = {
    inherit system;
    isLinux = lib.hasSuffix "-linux" system;
    isDarwin = lib.hasSuffix "-darwin" system;
    efiArch = if arch == "x86_64" then "x64" else "aa64";
  };

  stdenv = {
    inherit hostPlatform;
    targetPlatform = hostPlatform;
  };

  build =
    {
      passthru ? { },
      meta ? { },
      ...
    }@args:
    derivation (
      {
        inherit system;
        builder = "/bin/sh";
      }
      // removeAttrs args [
        "meta"
        "passthru"
      ]
    )
    // passthru
    // {
      inherit meta passthru stdenv;
    };

  package =
    name:
    let
      self =
        build {
          inherit name;
          args = [
            "-c"
            ": >$out; : >\${dev:-$out}"
          ];
          outputs = [
            "out"
            "dev"
          ];
        }
        // {
          pname = name;
          override = _: self;
          overrideAttrs = _: self;
          meta.mainProgram = name;
        };
    in
    self;

  runCommand =
    name: args: script:
    build (
      args
      // {
        inherit name;
        args = [
          "-euc"
          script
        ];
      }
    );

  packages = lib.genAttrs [
    "alioth"
    "bash"
    "btrfs-progs"
    "bubblewrap"
    "cloud-hypervisor"
    "cloud-hypervisor-graphics"
    "crosvm"
    "dosfstools"
    "e2fsprogs"
    "erofs-utils"
    "firecracker"
    "iproute2"
    "kmod"
    "kvmtool"
    "mtools"
    "nix"
    "qemu"
    "qemu_kvm"
    "qemu-utils"
    "squashfs-tools-ng"
    "stratovirt"
    "systemd"
    "util-linux"
    "vfkit"
    "virtiofsd"
    "waypipe"
    "wayland-proxy-virtwl"
    "xfsprogs"
  ] package;

  pkgs = packages // {
    _type = "pkgs";
    inherit
      lib
      package
      runCommand
      stdenv
      ;
    runCommandLocal = runCommand;
    buildPackages = pkgs;
    linux = package "linux" // {
      target = if arch == "x86_64" then "bzImage" else "Image";
      version = "6.12.0";
    };
    closureInfo = { rootPaths }: package "closure-info" // { inherit rootPaths; };
    writeClosure = paths: runCommand "paths" { inherit paths; } ''echo "$paths" >"$out"'';
    writeText = name: text: runCommand name { inherit text; } ''echo "$text" >"$out"'';
    writeShellScriptBin =
      name: text: runCommand name { inherit text; } ''echo "$text" >"$out"'' // { meta.mainProgram = name; };
  };
in
pkgs
