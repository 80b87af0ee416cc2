# package         the command is built and runs
# units           the host's units confine and stop what they run
# boot-HYPERVISOR a NixOS guest boots in a build, and powers off
# host-HYPERVISOR a NixOS host runs that guest as a service: nested virtualisation
{
  self,
  nixpkgs,
  pkgs,
}:

let
  inherit (pkgs) lib;
  inherit (pkgs.stdenv.hostPlatform) system isLinux;
  args = {
    inherit self nixpkgs pkgs;
    microvm = self.packages.${system}.microvm;
  };

  hypervisors = [
    "qemu"
    "cloud-hypervisor"
    "firecracker"
    "crosvm"
    "kvmtool"
    "stratovirt"
    "alioth"
  ];
  perHypervisor =
    kind: test:
    lib.listToAttrs (map (name: lib.nameValuePair "${kind}-${name}" (test name)) hypervisors);
in
{
  package = args.microvm;
}
// lib.optionalAttrs isLinux (
  {
    units = import ./units.nix args;
  }
  // perHypervisor "boot" (import ./boot.nix args)
  // perHypervisor "host" (import ./host.nix args)
)
