# The packages of a host's nixpkgs that run guests of a platform.
{ pkgs, system }:
let
  native = pkgs.stdenv.hostPlatform.system == system;
in
{
  # Smaller, and for its own architecture only.
  qemu = if native then pkgs.qemu_kvm else pkgs.qemu;
  gpu = pkgs.crosvm;
  inherit (pkgs)
    alioth
    cloud-hypervisor
    crosvm
    firecracker
    kvmtool
    stratovirt
    vfkit
    virtiofsd
    ;
}
