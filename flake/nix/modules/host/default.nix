# The machine that runs microVMs: the options microvm.vms and microvm.host, and
# the systemd units that keep to microvm.nix's conventions, so that its runners
# and ours work alike.
{
  imports = [
    ./options.nix
    ./vms.nix
    ./assertions.nix
    ./state.nix
    ./users.nix
    ./network.nix
    ./memory.nix
    ./journal.nix
    ./block-devices.nix
    ./units
  ];
}
