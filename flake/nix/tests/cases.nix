# Guests that between them set every option. Beside the module's `microvm` a case
# may have a system and a hostSystem.
let
  hostStore = {
    tag = "ro-store";
    source = "/nix/store";
    mountPoint = "/nix/.ro-store";
  };

  varVolume = {
    image = "var.img";
    mountPoint = "/var";
    size = 256;
  };

  rwStoreVolume = {
    image = "nix-store-overlay.img";
    mountPoint = "/nix/.rw-store";
    size = 2048;
  };

  tap = {
    type = "tap";
    id = "vm-tap";
    mac = "02:00:00:00:00:01";
  };

  virtiofsShare = {
    tag = "home";
    proto = "virtiofs";
    source = "home";
    mountPoint = "/home";
  };
in
{
  minimal = { };

  # Names, sizes and everything else that is not about one hypervisor.
  machine = {
    microvm = {
      guest.enable = true;
      optimize.enable = false;
      hypervisor = "qemu";
      vcpu = 4;
      mem = 1024;
      cpu = "max";
      user = "microvm";
      socket = "control.sock";
      machineId = "a67472e5570e5c8ab18cae3c77701050";
      registerWithMachined = true;
      prettyProcnames = false;
      credentialFiles.SOPS_AGE_KEY = "/run/secrets/age";
      hugepageMem = true;
      balloon = true;
      initialBalloonMem = 128;
      deflateOnOOM = false;
      preStart = "echo starting";
      extraArgsScript = "/etc/microvm/args";
      binScripts.tap-up = "ip link set vm-tap master br0";
      systemSymlink = true;
      kernelParams = [ "quiet" ];
      nixpkgsPath = ./.;
    };
  };

  devices = {
    microvm = {
      hotplugMem = 2048;
      hotpluggedMem = 512;
      qemu = {
        machine = "q35";
        machineOpts = {
          accel = "tcg";
        };
        serialConsole = false;
        extraArgs = [ "-no-user-config" ];
        pcieRootPorts = [
          {
            id = "port0";
            bus = "pcie.0";
            chassis = 1;
            slot = "1";
            addr = "0x5";
          }
        ];
      };
      devices = [
        {
          bus = "pci";
          path = "0000:01:00.0";
          qemu = {
            id = "nic";
            bus = "port0";
            deviceExtraArgs = "x-no-mmap=on";
          };
        }
        {
          bus = "usb";
          path = "vendorid=0xabcd,productid=0x0123";
        }
      ];
      vsock = {
        cid = 42;
        ssh.enable = true;
      };
      graphics = {
        enable = true;
        backend = "headless";
        socket = "gpu.sock";
        vulkan = "venus";
        hostmem = "1G";
      };
    };
  };

  network = {
    microvm = {
      interfaces = [
        {
          type = "user";
          id = "net";
          mac = "02:00:00:00:00:02";
        }
        (tap // { tap.vhost = true; })
        {
          type = "macvtap";
          id = "vm-lan";
          mac = "02:00:00:00:00:03";
          macvtap = {
            link = "enp1s0";
            mode = "bridge";
          };
        }
        {
          type = "bridge";
          id = "vm-br";
          mac = "02:00:00:00:00:04";
          bridge = "br0";
        }
      ];
      forwardPorts = [
        {
          from = "host";
          proto = "udp";
          host = {
            address = "127.0.0.1";
            port = 5353;
          };
          guest = {
            address = "10.0.2.15";
            port = 53;
          };
        }
      ];
    };
  };

  volumes = {
    microvm = {
      storeOnDisk = true;
      storeDiskType = "squashfs";
      storeDiskSquashfsFlags = [
        "-c"
        "xz"
      ];
      volumes = [
        (
          varVolume
          // {
            autoCreate = true;
            fsType = "xfs";
            label = "var";
            serial = "VAR-0001";
            direct = true;
            mkfsExtraArgs = [ "-K" ];
          }
        )
        {
          image = "/srv/images/data.vhdx";
          mountPoint = null;
          autoCreate = false;
          readOnly = true;
          imageType = "vhdx";
        }
        rwStoreVolume
      ];
      writableStoreOverlay = "/nix/.rw-store";
    };
  };

  shares = {
    microvm = {
      storeDiskErofsFlags = [ "-Ededupe" ];
      shares = [
        hostStore
        (
          virtiofsShare
          // {
            socket = "home.sock";
            readOnly = true;
            cache = "always";
            posixAcl = false;
            extraArgs = [ "--translate-uid=map:0:1000:1" ];
          }
        )
        {
          tag = "src";
          source = "/src";
          mountPoint = "/src";
          proto = "9p";
          securityModel = "mapped";
        }
      ];
      virtiofsd = {
        group = "users";
        threadPoolSize = 8;
        inodeFileHandles = "mandatory";
        extraArgs = [ "--announce-submounts" ];
      };
      warnAboutSopsShares = true;
    };
  };

  packages =
    { pkgs, ... }:
    {
      microvm = {
        alioth.package = pkgs.package "my-alioth";
        cloud-hypervisor.package = pkgs.package "my-cloud-hypervisor";
        crosvm.package = pkgs.package "my-crosvm";
        firecracker.package = pkgs.package "my-firecracker";
        graphics.crosvmPackage = pkgs.package "my-crosvm";
        initrdPath = "${pkgs.package "my-initrd"}/initrd";
        kernel = pkgs.linux;
        kvmtool.package = pkgs.package "my-kvmtool";
        qemu.package = pkgs.package "my-qemu";
        stratovirt.package = pkgs.package "my-stratovirt";
        vfkit.package = pkgs.package "my-vfkit";
        virtiofsd.package = pkgs.package "my-virtiofsd";
        vmHostPackages = pkgs;
        shares = [ virtiofsShare ];
      };
    };

  # The host's store and its database, built upon.
  nix-database = {
    microvm = {
      shares = [ (hostStore // { proto = "virtiofs"; }) ];
      volumes = [ rwStoreVolume ];
      writableStoreOverlay = "/nix/.rw-store";
      registerClosure = true;
      nixDatabaseOverlay = {
        enable = true;
        proto = "virtiofs";
        mountPoint = "/nix/.rw-db";
        image = "db.img";
        size = 512;
      };
    };
  };

  journal = {
    microvm.journal = {
      enable = true;
      source = "/var/lib/journals/guest";
      proto = "9p";
    };
  };

  cloud-hypervisor = {
    microvm = {
      hypervisor = "cloud-hypervisor";
      interfaces = [ tap ];
      shares = [ virtiofsShare ];
      volumes = [ varVolume ];
      cloud-hypervisor = {
        platformOEMStrings = [ "io.systemd.credential:KEY=value" ];
        extraArgs = [ "-v" ];
      };
    };
  };

  firecracker = {
    microvm = {
      hypervisor = "firecracker";
      interfaces = [ tap ];
      volumes = [ varVolume ];
      firecracker = {
        cpu.kvm_capabilities = [ "!56" ];
        driveIoEngine = "Sync";
        extraArgs = [ "--no-seccomp" ];
        extraConfig.entropy = { };
      };
    };
  };

  crosvm = {
    microvm = {
      hypervisor = "crosvm";
      interfaces = [ tap ];
      volumes = [ varVolume ];
      crosvm = {
        extraArgs = [ "--disable-sandbox" ];
        pivotRoot = "/var/empty";
      };
    };
  };

  kvmtool = {
    microvm = {
      hypervisor = "kvmtool";
      interfaces = [ tap ];
      volumes = [ varVolume ];
    };
  };

  stratovirt = {
    microvm = {
      hypervisor = "stratovirt";
      interfaces = [ tap ];
      volumes = [ varVolume ];
    };
  };

  alioth = {
    microvm = {
      hypervisor = "alioth";
      interfaces = [ tap ];
      volumes = [ varVolume ];
    };
  };

  vfkit = {
    system = "aarch64-linux";
    hostSystem = "aarch64-darwin";
    microvm = {
      hypervisor = "vfkit";
      shares = [ virtiofsShare ];
      volumes = [ varVolume ];
      vfkit = {
        extraArgs = [ "--nested" ];
        logLevel = "debug";
        rosetta = {
          enable = true;
          install = true;
          ignoreIfMissing = true;
        };
      };
    };
  };
}
