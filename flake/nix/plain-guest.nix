# A guest that is a kernel and perhaps an initrd, not a NixOS system: Debian's
# or Alpine's kernel, a unikernel. It has the part of a NixOS configuration's
# shape that `microvm` reads, and needs no nixpkgs: builtins only.
#
#   nixosConfigurations.hello = plainGuest {
#     name = "hello";
#     system = "x86_64-linux";
#     kernel = ./kernel;
#     initrd = ./initrd;
#     kernelParams = [ "console=ttyS0" ];
#   };
#
# A path literal is copied into the store; a string is kept as it is. Any other
# field of the spec is an argument too: vcpu, mem, volumes, qemu, ...
# `microvm` (a package, or the path of a static binary) checks and writes the
# runner; without it the builder needs a mkdir, which Nix's sandbox may not have.
args:
let
  inherit (builtins)
    attrNames
    concatStringsSep
    filter
    isAttrs
    isString
    toJSON
    ;

  fields = import ./plain-guest-fields.nix;
  problems = import ./plain-guest-check.nix args;
  title = if isString (args.name or null) then "plainGuest ${toJSON args.name}" else "plainGuest";
  checked =
    value:
    if problems == [ ] then value else throw (concatStringsSep "\n  " ([ "${title}:" ] ++ problems));

  withoutNulls = set: removeAttrs set (filter (name: set.${name} == null) (attrNames set));

  # nixpkgs' kernel is a directory that says which of its files to boot.
  kernelFile = kernel: if kernel ? target then "${kernel}/${kernel.target}" else "${kernel}";
  fileOrNull = file: if file == null then null else "${file}";

  spec = {
    version = 1;
    hypervisor = "qemu";
    boot = withoutNulls {
      kernel = kernelFile args.kernel;
      kernelElf = fileOrNull (args.kernelElf or null);
      initrd = fileOrNull (args.initrd or null);
      kernelParams = args.kernelParams or [ ];
    };
  }
  // removeAttrs args ([ "kernel" ] ++ attrNames fields.special);

  microvm = args.microvm or null;

  # A plain derivation, because stdenv would be the whole of nixpkgs.
  runner =
    derivation {
      name = "microvm-${args.name}";
      system = args.buildSystem or args.system;
      builder = "/bin/sh";
      args = [ ./plain-guest-builder.sh ];
      # In a file: it may be longer than the environment allows.
      passAsFile = [ "spec" ];
      spec = toJSON spec;
      inherit (spec) hypervisor;
      microvm =
        if microvm == null then
          ""
        else if isAttrs microvm then
          "${microvm}/bin/microvm"
        else
          "${microvm}";
      preferLocalBuild = true;
      allowSubstitutes = false;
    }
    // {
      meta.mainProgram = "microvm-run";
      passthru = { inherit spec; };
    };
in
{
  config = {
    microvm = checked {
      inherit spec;
      inherit (spec) hypervisor;
      declaredRunner = runner;
      runner.${spec.hypervisor} = runner;
    };

    # What `nix flake check` looks at in each of a flake's nixosConfigurations.
    system.build.toplevel = checked runner;
  };
}
