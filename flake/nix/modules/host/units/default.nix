# The units go by the files of a runner: what is in its bin/ is run, what is not
# there is left to bin/microvm-run.
{
  imports = [
    ./hardening-options.nix
    ./microvm.nix
    ./virtiofsd.nix
    ./links.nix
    ./pci-devices.nix
    ./set-booted.nix
    ./install.nix
    ./instances.nix
  ];
}
