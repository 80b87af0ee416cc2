# Every option of the host module, and each way to declare a VM.
{ lib, pkgs, ... }:

let
  evaluated = name: microvm: {
    config = {
      microvm = {
        declaredRunner = {
          outPath = "/pkgs/microvm-${name}";
        };
      }
      // microvm;
    };
  };
in
{
  microvm = {
    stateDir = "/srv/vms";
    autostart = [ "by-hand" ];
    host = {
      enable = true;
      package = pkgs.callPackage ../../packages/microvm.nix { };
      startupTimeout = 300;
      useNotifySockets = true;
      hardening = {
        enable = true;
        bridgeHelper = true;
      };
      journal.enable = true;
      blockDevices = [
        "/dev/zvol/tank/shared"
        "/dev/sdc"
      ];
      diskGroup = true;
    };

    vms = {
      # Defined in place, and restarted with the host's configuration.
      web = {
        config = {
          imports = [ ./web.nix ];
        };
        pkgs = null;
        nixpkgs = ./nixpkgs;
        specialArgs.mac = "02:00:00:00:00:01";
        extraModules = [ { microvm.registerWithMachined = true; } ];
        autostart = false;
        restartIfChanged = true;
        blockDevices = [ "/dev/disk/by-id/ata-disk" ];
      };

      # Of a flake, and updated by hand; as a user of its own, with a bridge.
      mail = {
        flake = {
          outPath = "/flakes/mail server";
          nixosConfigurations.mail = evaluated "mail" {
            interfaces = [
              {
                type = "bridge";
                id = "vm-mail";
              }
            ];
            volumes = [
              { image = "var.img"; }
              { image = "/srv/vms/images/mail.img"; }
              { image = "/dev/sdb"; }
            ];
          };
        };
        updateFlake = "git+https://git.example.org/mail?ref=o'clock";
        isolateUser = true;
        blockDevices = [ "/dev/sdb" ];
      };

      # Of a flake, and updated with the host.
      git = {
        flake = {
          outPath = "/flakes/git";
          nixosConfigurations.git = evaluated "git" { };
        };
      };

      # Of another evaluation, and a guest that has only a spec.
      unikernel.evaluatedConfig = evaluated "unikernel" {
        spec.shares = [ { source = "data"; } ];
        hypervisor = "crosvm";
      };
    };
  };
}
