# What this system is turned into.
{ config, lib, ... }:
let
  inherit (lib) literalExpression mkOption types;
  cfg = config.microvm;
in
{
  options.microvm = {
    package = mkOption {
      type = types.package;
      defaultText = lib.literalMD "the flake's `microvm` for the system of {option}`microvm.vmHostPackages`";
      description = ''
        The `microvm` program, which checks the spec when the runner is built and
        which the runner then executes.
      '';
    };

    spec = mkOption {
      type = types.attrs;
      readOnly = true;
      description = ''
        All that a hypervisor has to know about this guest, as data. Evaluating
        it builds nothing: `nix eval --json` prints what
        `microvm spec --check` reads.
      '';
    };

    runner = mkOption {
      type = types.attrsOf types.package;
      description = ''
        A package for each hypervisor whose {file}`bin/microvm-run` starts this
        guest. It fails to build when the hypervisor lacks something that the
        guest asks for.
      '';
    };

    declaredRunner = mkOption {
      type = types.package;
      default = cfg.runner.${cfg.hypervisor};
      defaultText = literalExpression "config.microvm.runner.\${config.microvm.hypervisor}";
      description = "The runner for {option}`microvm.hypervisor`.";
    };

    preStart = mkOption {
      type = types.lines;
      default = "";
      description = ''
        Bash commands to run in the VM's directory before the hypervisor. One
        that fails keeps the VM from starting.
      '';
    };

    extraArgsScript = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = ''
        A program that is run at each start and prints one line: further
        arguments for the hypervisor.
      '';
    };

    binScripts = mkOption {
      type = types.attrsOf types.lines;
      default = { };
      example = literalExpression ''{ tap-up = "ip link set dev vm-web master br0"; }'';
      description = "Bash scripts of your own for the runner's {file}`bin/`, by name.";
    };

    systemSymlink = mkOption {
      type = types.bool;
      default = !cfg.storeOnDisk;
      defaultText = literalExpression "!config.microvm.storeOnDisk";
      description = ''
        Whether the runner links to the NixOS system, so that `microvm -l` can
        tell its version. With a store disk the link would keep a second copy
        of the system in the host's store.
      '';
    };
  };
}
