# The arguments of plainGuest, each with the type that Nix can see. What the
# values mean is checked once, by `microvm`, for every kind of guest.
let
  types = import ./plain-guest-types.nix;
  inherit (types)
    attrs
    bool
    file
    int
    listOf
    nullOr
    package
    string
    ;

  hypervisors = import ./lib/hypervisors.nix;
in
{
  required = {
    name = types.vmName;
    system = types.system;
    kernel = file;
  };

  # Arguments that do not become a top-level field of the spec of the same name.
  special = {
    kernelElf = nullOr file;
    initrd = nullOr file;
    kernelParams = listOf string;
    buildSystem = types.system;
    microvm = nullOr package;
  };

  spec =
    builtins.listToAttrs (
      map (name: {
        inherit name;
        value = attrs;
      }) hypervisors
    )
    // {
      hypervisor = types.enum hypervisors;
      machineId = nullOr string;
      tools = attrs;
      vcpu = int;
      mem = int;
      hugepageMem = bool;
      hotplugMem = int;
      hotpluggedMem = int;
      balloon = bool;
      initialBalloonMem = int;
      deflateOnOOM = bool;
      cpu = nullOr string;
      user = nullOr string;
      socket = nullOr string;
      volumes = listOf attrs;
      shares = listOf attrs;
      interfaces = listOf attrs;
      forwardPorts = listOf attrs;
      devices = listOf attrs;
      vsock = attrs;
      graphics = attrs;
      credentialFiles = attrs;
      virtiofsd = attrs;
      preStart = nullOr string;
      extraArgsScript = nullOr string;
      binScripts = attrs;
      registerWithMachined = bool;
      prettyProcnames = bool;
      systemSymlink = bool;
    };
}
