# A NixOS system as the guest of a microVM. The options are those of
# microvm.nix, and a few more; what they mean for a hypervisor is decided by the
# `microvm` program, which reads them as `config.microvm.spec`.
{
  imports = [
    ./options/boot.nix
    ./options/devices.nix
    ./options/graphics.nix
    ./options/hypervisors.nix
    ./options/machine.nix
    ./options/memory.nix
    ./options/network.nix
    ./options/qemu.nix
    ./options/runner.nix
    ./options/shares.nix
    ./options/store.nix
    ./options/virtiofsd.nix
    ./options/volumes.nix
    ./options/vsock.nix
    ./asserts.nix
    ./boot-disk.nix
    ./graphics.nix
    ./journal.nix
    ./mounts.nix
    ./nix-database.nix
    ./nixpkgs-path.nix
    ./optimization.nix
    ./rosetta.nix
    ./runner.nix
    ./secrets.nix
    ./ssh-deploy.nix
    ./store-disk.nix
    ./system.nix
    ./vsock-ssh.nix
  ];
}
