# What all virtiofs shares of the VM have in common.
{ config, lib, ... }:
let
  inherit (lib) literalExpression mkOption types;
in
{
  options.microvm.virtiofsd = {
    package = mkOption {
      type = types.package;
      default = config.microvm.vmHostPackages.virtiofsd;
      defaultText = literalExpression "config.microvm.vmHostPackages.virtiofsd";
      description = "The virtiofsd to use.";
    };

    group = mkOption {
      type = types.nullOr types.str;
      default = "kvm";
      description = "Group of virtiofsd's sockets; null is that of who starts it.";
    };

    threadPoolSize = mkOption {
      type = types.oneOf [
        types.str
        types.ints.unsigned
      ];
      default = "`nproc`";
      description = ''
        Number of virtiofsd's threads. `"auto"`, which microvm.nix writes as
        ``"`nproc`"``, is one for each of the host's CPUs.
      '';
    };

    inodeFileHandles = mkOption {
      type = types.nullOr (
        types.enum [
          "never"
          "prefer"
          "mandatory"
        ]
      );
      default = "prefer";
      description = ''
        When virtiofsd refers to files by handles instead of keeping them open:
        the cure for "too many open files". Null is virtiofsd's own choice.
      '';
    };

    extraArgs = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Further arguments of every virtiofsd.";
    };
  };
}
