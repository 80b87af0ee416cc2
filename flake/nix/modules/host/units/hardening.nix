# What systemd takes from each kind of unit, as serviceConfig.
{ config, lib }:

let
  cfg = config.microvm;
  inherit (cfg.host.hardening) bridgeHelper;
  only = lib.optionalAttrs cfg.host.hardening.enable;

  # Enforced by seccomp, which for unprivileged users implies NoNewPrivileges.
  filtered = {
    NoNewPrivileges = true;
    LockPersonality = true;
    ProtectHostname = true;
    ProtectKernelLogs = true;
    RestrictRealtime = true;
    SystemCallArchitectures = "native";
    SystemCallErrorNumber = "EPERM";
  };

  neverCalled = "~@clock @cpu-emulation @debug @obsolete @raw-io @reboot @swap";

  # For units that run a script and end.
  setup = filtered // {
    DevicePolicy = "closed";
    PrivateTmp = true;
    ProtectControlGroups = true;
    ProtectHome = true;
    ProtectSystem = "strict";
    ReadWritePaths = [ "-${cfg.stateDir}" ];
    RestrictNamespaces = true;
    RestrictSUIDSGID = true;
    SystemCallFilter = [ neverCalled ];
  };

  # Of a VM that starts no privileged program.
  locked = filtered // {
    ProtectKernelModules = true;
    ProtectKernelTunables = true;
    RestrictAddressFamilies = [
      "AF_UNIX"
      "AF_INET"
      "AF_INET6"
      "AF_NETLINK"
      "AF_VSOCK"
    ];
    RestrictSUIDSGID = true;
    SystemCallFilter = [ "${neverCalled} @module" ];
  };

  hypervisorDevices = [
    "/dev/kvm rw"
    "/dev/net/tun rw"
    "/dev/udmabuf rw"
    "/dev/vfio/vfio rw"
    "/dev/vhost-net rw"
    "/dev/vhost-vsock rw"
    "char-alsa rw"
    "char-drm rw"
    "char-input rw"
    "char-macvtap rw"
    "char-nvidia* rw"
    "char-usb_device rw"
    "char-vfio rw"
  ];

  isBelow = dir: lib.hasPrefix "${dir}/";

  # A directory next to the VM's own is hidden, unless an image or share is there.
  outside =
    guest:
    lib.filter (path: isBelow cfg.stateDir path && path != guest.dir && !isBelow guest.dir path) (
      map dirOf guest.images ++ map (share: share.source) guest.shares
    );
in
{
  vm = only (
    {
      # Those are what NixOS's wrapper of qemu-bridge-helper has.
      CapabilityBoundingSet = if bridgeHelper then "CAP_NET_ADMIN CAP_SETPCAP" else "";
      DevicePolicy = "closed";
      # Which block devices a VM may open is then up to their permissions.
      DeviceAllow = hypervisorDevices ++ [ "block-* rw" ];
      BindPaths = [ "${cfg.stateDir}/%i" ];
      ProtectControlGroups = true;
      ProtectProc = "invisible";
      ProtectSystem = "full";
      TemporaryFileSystem = [ "${cfg.stateDir}:ro" ];
      UMask = "0077";
    }
    // lib.optionalAttrs (!bridgeHelper) locked
  );

  # In addition to `vm`, for a VM of which it is known what it needs.
  declaredVM =
    guest:
    only (
      {
        DeviceAllow = [ "" ] ++ hypervisorDevices ++ map (device: "${device} rw") guest.blockDevices;
        BindPaths = map (path: "-${path}") (lib.unique (outside guest));
      }
      // lib.optionalAttrs (!guest.has.bridge) (
        locked
        // {
          CapabilityBoundingSet = [ "" ];
          # crosvm puts its devices into namespaces.
          RestrictNamespaces = guest.hypervisor != "crosvm";
        }
      )
    );

  # It serves files of all owners, set-user-id ones and device nodes among them,
  # from wherever the shares are, and confines itself to them.
  virtiofsd = only (
    filtered
    // {
      CapabilityBoundingSet = [
        "CAP_CHOWN"
        "CAP_DAC_OVERRIDE"
        "CAP_DAC_READ_SEARCH"
        "CAP_FOWNER"
        "CAP_FSETID"
        "CAP_KILL"
        "CAP_MKNOD"
        "CAP_SETFCAP"
        "CAP_SETGID"
        "CAP_SETPCAP"
        "CAP_SETUID"
        "CAP_SYS_ADMIN"
        "CAP_SYS_CHROOT"
        "CAP_SYS_RESOURCE"
      ];
      PrivateNetwork = true;
      ProtectControlGroups = true;
      ProtectKernelModules = true;
      RestrictAddressFamilies = [ "AF_UNIX" ];
      SystemCallFilter = [ "${neverCalled} @module" ];
    }
  );

  links = only (
    setup
    // {
      CapabilityBoundingSet = [
        # macvtap-up gives /dev/tapN to the VM's user.
        "CAP_CHOWN"
        # The VM's directory may be its user's.
        "CAP_DAC_READ_SEARCH"
        "CAP_NET_ADMIN"
      ];
      DeviceAllow = [ "/dev/net/tun rw" ];
      ProtectKernelModules = true;
      RestrictAddressFamilies = [
        "AF_UNIX"
        "AF_INET"
        "AF_INET6"
        "AF_NETLINK"
      ];
    }
  );

  pci = only (
    setup
    // {
      CapabilityBoundingSet = [
        "CAP_CHOWN"
        "CAP_DAC_READ_SEARCH"
        # For modprobe.
        "CAP_SYS_MODULE"
      ];
      PrivateNetwork = true;
      RestrictAddressFamilies = [ "AF_UNIX" ];
    }
  );

  setBooted = only (
    setup
    // {
      # The VM's directory may be its user's.
      CapabilityBoundingSet = [ "CAP_DAC_OVERRIDE" ];
      PrivateNetwork = true;
      ProtectKernelModules = true;
      ProtectKernelTunables = true;
      RestrictAddressFamilies = [ "AF_UNIX" ];
    }
  );

  install = only (
    setup
    // {
      CapabilityBoundingSet = [
        "CAP_CHOWN"
        "CAP_DAC_OVERRIDE"
        "CAP_FOWNER"
        "CAP_FSETID"
      ];
      PrivateNetwork = true;
      ProtectKernelModules = true;
      ProtectKernelTunables = true;
      RestrictAddressFamilies = [ "AF_UNIX" ];
    }
  );
}
