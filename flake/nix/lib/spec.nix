# The document that `microvm` reads, from the values of a guest's options. It
# takes the options of microvm.nix too, of any of its versions: what they lack
# is absent from the document, and `microvm` knows the defaults.
{ lib }:
{
  # `config.microvm` with `hostName` and `hypervisor`.
  microvmConfig,
  # The guest's platform.
  system,
  # The guest's NixOS system.
  toplevel,
  # The host's programs, by their names in the document.
  tools,
}:
let
  inherit (builtins) intersectAttrs match unsafeDiscardStringContext;
  inherit (lib) genAttrs optionalAttrs;

  cfg = microvmConfig;

  # Only the names: what is not picked may have no value.
  pick = names: intersectAttrs (genAttrs names (_: null));

  isX86 = lib.hasPrefix "x86_64-" system;

  # These boot an uncompressed kernel on x86_64, which is large: nobody else
  # should have to keep it.
  needsElf =
    isX86
    && lib.elem cfg.hypervisor [
      "cloud-hypervisor"
      "crosvm"
      "firecracker"
    ];

  kernelFile = cfg.kernel.target or (if isX86 then "bzImage" else "Image");

  boot = {
    kernel = "${cfg.kernel.out or cfg.kernel}/${kernelFile}";
    initrd = "${cfg.initrdPath}";
    inherit (cfg) kernelParams;
    toplevel =
      if cfg.systemSymlink or true then "${toplevel}" else unsafeDiscardStringContext "${toplevel}";
  }
  // optionalAttrs needsElf {
    kernelElf = "${cfg.kernel.dev}/vmlinux";
  }
  // optionalAttrs cfg.storeOnDisk {
    storeDisk = "${cfg.storeDisk}";
    inherit (cfg) storeDiskType;
  };

  # Where /etc/machine-id is what counts, it is often written as there.
  dashed =
    id:
    let
      parts =
        if id == null then null else match "(.{8})(.{4})(.{4})(.{4})([0-9a-fA-F]{12})" id;
    in
    if parts == null then id else lib.concatStringsSep "-" parts;

  volume =
    v:
    pick [
      "image"
      "serial"
      "direct"
      "readOnly"
      "label"
      "autoCreate"
      "mkfsExtraArgs"
      "fsType"
      "imageType"
    ] v
    // {
      mountPoint = if v.mountPoint == null then null else toString v.mountPoint;
    }
    // optionalAttrs v.autoCreate { inherit (v) size; };

  share =
    s:
    pick [
      "tag"
      "socket"
      "source"
      "securityModel"
      "proto"
      "readOnly"
      "cache"
      "posixAcl"
      "extraArgs"
    ] s
    // {
      mountPoint = toString s.mountPoint;
    };

  interface =
    i:
    pick [
      "type"
      "id"
      "mac"
      "bridge"
      "tap"
    ] i
    // optionalAttrs (i.type == "macvtap") { macvtap = { inherit (i.macvtap) link mode; }; };

  # Each hypervisor's options, without the packages: those are in tools.
  own = lib.mapAttrs (name: names: pick names (cfg.${name} or { })) {
    qemu = [
      "machine"
      "machineOpts"
      "extraArgs"
      "serialConsole"
      "pcieRootPorts"
    ];
    cloud-hypervisor = [
      "platformOEMStrings"
      "extraArgs"
    ];
    firecracker = [
      "cpu"
      "driveIoEngine"
      "extraArgs"
      "extraConfig"
    ];
    crosvm = [
      "pivotRoot"
      "extraArgs"
    ];
    vfkit = [
      "extraArgs"
      "logLevel"
      "rosetta"
    ];
  };
in
{
  version = 1;
  name = cfg.hostName;
  inherit system boot tools;
  volumes = map volume cfg.volumes;
  shares = map share cfg.shares;
  interfaces = map interface cfg.interfaces;
}
// pick [
  "hypervisor"
  "vcpu"
  "mem"
  "hugepageMem"
  "hotplugMem"
  "hotpluggedMem"
  "balloon"
  "initialBalloonMem"
  "deflateOnOOM"
  "cpu"
  "user"
  "socket"
  "forwardPorts"
  "devices"
  "credentialFiles"
  "extraArgsScript"
  "binScripts"
  "registerWithMachined"
  "prettyProcnames"
  "systemSymlink"
] cfg
// optionalAttrs (cfg ? machineId) { machineId = dashed cfg.machineId; }
// optionalAttrs (cfg.preStart or "" != "") { inherit (cfg) preStart; }
// {
  vsock = pick [
    "cid"
    "ssh"
  ] cfg.vsock;
  graphics = pick [
    "enable"
    "backend"
    "socket"
    "vulkan"
    "hostmem"
  ] cfg.graphics;
  virtiofsd = pick [
    "group"
    "threadPoolSize"
    "inodeFileHandles"
    "extraArgs"
  ] cfg.virtiofsd;
}
// own
