{ mac, ... }:

{
  microvm = {
    hypervisor = "cloud-hypervisor";
    machineId = "a67472e5-570e-5c8a-b18c-ae3c77701050";
    interfaces = [
      {
        type = "tap";
        id = "vm-web";
        inherit mac;
      }
    ];
    devices = [
      {
        bus = "pci";
        path = "0000:01:00.0";
      }
    ];
    volumes = [ { image = "/dev/disk/by-id/ata-disk"; } ];
    shares = [
      {
        tag = "ro-store";
        source = "/nix/store";
        mountPoint = "/nix/.ro-store";
      }
      {
        tag = "journal";
        source = "journal";
        mountPoint = "/var/log/journal";
      }
      {
        tag = "www";
        source = "/srv/www";
        mountPoint = "/var/www";
      }
    ];
  };
}
