# systemd's ssh generator makes the socket on vsock port 22 by itself.
{ config, lib, ... }:
let
  cfg = config.microvm.vsock;
in
{
  config = lib.mkIf cfg.ssh.enable {
    assertions = [
      {
        assertion = cfg.cid != null;
        message = "microvm.vsock.ssh.enable needs an address: set microvm.vsock.cid.";
      }
    ];

    services.openssh.enable = true;
  };
}
