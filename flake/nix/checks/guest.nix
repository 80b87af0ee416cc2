# A guest that says on its console and on a volume that it is up.
hypervisor:
{ lib, pkgs, ... }:

{
  networking = {
    hostName = "guest";
    useDHCP = false;
  };
  system.stateVersion = lib.trivial.release;

  microvm = {
    inherit hypervisor;
    volumes = [
      {
        image = "output.img";
        label = "output";
        mountPoint = "/output";
        size = 32;
      }
    ];
  };

  systemd.services.say-hello = {
    wantedBy = [ "multi-user.target" ];
    unitConfig.RequiresMountsFor = "/output";
    serviceConfig = {
      Type = "oneshot";
      StandardOutput = "journal+console";
    };
    script = ''
      ${lib.getExe' pkgs.coreutils "uname"} --machine > /output/machine
      echo "the guest is up"
    '';
  };
}
