# Scripts that update the guest where it runs, from the flake at hand.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  inherit (config.networking) hostName;
  cfg = config.microvm;
  inherit (cfg) deploy;

  canSwitch =
    config.system.switch.enable
    && config.services.openssh.enable
    && lib.any (share: share.source == "/nix/store") cfg.shares;

  closure = pkgs.closureInfo { rootPaths = [ config.system.build.toplevel ]; };

  # The scripts name derivations that they copy and build elsewhere: building the
  # script must not build them here.
  names = lib.mapAttrs (_: builtins.unsafeDiscardStringContext) {
    closureDrv = closure.drvPath;
    closureOut = closure.outPath;
    nixDrv = config.nix.package.drvPath;
    nixOut = config.nix.package.outPath;
    runnerDrv = cfg.declaredRunner.drvPath;
    toplevelDrv = config.system.build.toplevel.drvPath;
    toplevelOut = config.system.build.toplevel.outPath;
  };

  script =
    name: file: variables:
    pkgs.writeShellScriptBin name ''
      set -euo pipefail
      ${lib.toShellVars ({ inherit hostName; } // variables)}
      ${lib.readFile file}
    '';
in
{
  options.microvm.deploy = {
    installOnHost = mkOption {
      type = types.package;
      description = ''
        A script that brings this configuration to a host with our host module or
        microvm.nix's, builds its runner there and makes it the VM's current one:

        ```
        nix run .#nixosConfigurations.${hostName}.config.microvm.deploy.installOnHost root@host
        ssh root@host systemctl restart microvm@${hostName}
        ```
      '';
    };

    sshSwitch = mkOption {
      type = types.nullOr types.package;
      default = null;
      description = ''
        A script that switches the running guest to this configuration by SSH
        instead of restarting it, after
        {option}`microvm.deploy.installOnHost`:

        ```
        nix run .#nixosConfigurations.${hostName}.config.microvm.deploy.sshSwitch root@guest switch
        ```

        Null for a guest without the host's store, without an SSH server, or
        with {option}`system.switch.enable` off.
      '';
    };

    rebuild = mkOption {
      type = types.nullOr types.package;
      default = null;
      description = ''
        A script that does both, or restarts a guest that cannot switch:

        ```
        nix run .#nixosConfigurations.${hostName}.config.microvm.deploy.rebuild root@host root@guest switch
        ```
      '';
    };
  };

  config.microvm.deploy = {
    installOnHost = script "microvm-install-on-host" ./deploy/install-on-host.sh {
      inherit (names)
        closureDrv
        nixDrv
        runnerDrv
        toplevelDrv
        ;
    };

    sshSwitch = lib.mkIf canSwitch (
      script "microvm-switch" ./deploy/switch.sh {
        inherit (names) closureOut nixOut toplevelOut;
      }
    );

    rebuild = script "microvm-rebuild" ./deploy/rebuild.sh {
      installOnHost = lib.getExe deploy.installOnHost;
      sshSwitch = if canSwitch then lib.getExe deploy.sshSwitch else "";
    };
  };
}
