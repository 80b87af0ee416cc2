{
  # aarch64-linux for Apple silicon, whose builds need a Linux builder.
  nixpkgs.hostPlatform = "x86_64-linux";
  system.stateVersion = "26.05";

  networking.hostName = "my-microvm";
  users.users.root.password = "";
  services.getty.autologinUser = "root";

  microvm = {
    hypervisor = "qemu";
    vcpu = 2;
    mem = 1024;

    # The host's store, so that no image of the guest's has to be made.
    shares = [
      {
        tag = "ro-store";
        source = "/nix/store";
        mountPoint = "/nix/.ro-store";
        proto = "9p";
      }
    ];

    # Made in the directory that the guest is run in.
    volumes = [
      {
        image = "var.img";
        mountPoint = "/var";
        size = 256;
      }
    ];

    # Outwards only. On Linux, `tap` lets others reach the guest.
    interfaces = [
      {
        type = "user";
        id = "eth0";
        mac = "02:00:00:00:00:01";
      }
    ];
  };
}
