# AF_VSOCK, the network between host and guest that needs no interface.
{ lib, ... }:
{
  options.microvm.vsock = {
    cid = lib.mkOption {
      type = lib.types.nullOr lib.types.int;
      default = null;
      example = 3;
      description = ''
        The guest's address. 0 to 2 are taken: they are the hypervisor, the
        loopback and the host. Null is a guest without vsock.
      '';
    };

    ssh.enable = lib.mkEnableOption ''
      the guest's SSH server on vsock, for `microvm -s NAME` and
      `ssh vsock/CID` without a network. It needs {option}`microvm.vsock.cid`'';
  };
}
