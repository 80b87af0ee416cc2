# The programs of the host that a guest needs, by their names in the spec.
{ lib }:
{
  # `config.microvm` with `hypervisor`.
  microvmConfig,
  # The guest's platform.
  system,
  # The host's packages, and those chosen among them: each hypervisor by its
  # name, virtiofsd, and gpu.
  hostPackages,
  packages,
}:
let
  inherit (lib) any filter getExe' optionalAttrs;

  cfg = microvmConfig;
  arch = lib.head (lib.splitString "-" system);

  programs = {
    qemu = "qemu-system-${arch}";
    kvmtool = "lkvm";
  };

  package =
    if cfg.hypervisor == "qemu" then
      import ./qemu-package.nix {
        inherit lib hostPackages microvmConfig;
        package = packages.qemu;
      }
    else
      packages.${cfg.hypervisor};

  mkfsPackages = {
    ext2 = hostPackages.e2fsprogs;
    ext3 = hostPackages.e2fsprogs;
    ext4 = hostPackages.e2fsprogs;
    xfs = hostPackages.xfsprogs;
    btrfs = hostPackages.btrfs-progs;
    vfat = hostPackages.dosfstools;
  };

  created = filter (v: v.autoCreate) cfg.volumes;
  fsTypes = filter (fs: mkfsPackages ? ${fs}) (lib.unique (map (v: v.fsType) created));

  hasType = types: any (interface: lib.elem interface.type types) cfg.interfaces;
  hasPci = any (device: device.bus == "pci") cfg.devices;
  needsLinks = hasType [
    "tap"
    "macvtap"
  ];
  needsBash =
    needsLinks || hasPci || cfg.preStart or "" != "" || (cfg.binScripts or { }) != { };

  needsVirtiofsd =
    cfg.hypervisor != "vfkit" && any (share: share.proto == "virtiofs") cfg.shares;
  needsGpu = cfg.hypervisor == "cloud-hypervisor" && cfg.graphics.enable;
in
{
  ${cfg.hypervisor} = getExe' package (programs.${cfg.hypervisor} or cfg.hypervisor);
}
// lib.listToAttrs (
  map (fs: lib.nameValuePair "mkfs.${fs}" (getExe' mkfsPackages.${fs} "mkfs.${fs}")) fsTypes
)
// optionalAttrs needsVirtiofsd {
  virtiofsd = getExe' packages.virtiofsd "virtiofsd";
}
// optionalAttrs needsGpu {
  crosvm = getExe' packages.gpu "crosvm";
}
// optionalAttrs (any (v: (v.imageType or "raw") == "qcow2") created) {
  qemu-img = getExe' hostPackages.qemu-utils "qemu-img";
}
# A NixOS service finds none of these in its PATH.
// optionalAttrs needsBash {
  bash = getExe' hostPackages.bash "bash";
}
// optionalAttrs needsLinks {
  ip = getExe' hostPackages.iproute2 "ip";
}
// optionalAttrs hasPci {
  modprobe = getExe' hostPackages.kmod "modprobe";
}
