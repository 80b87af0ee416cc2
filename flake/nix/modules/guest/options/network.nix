# Network interfaces and forwarded ports.
{ lib, ... }:
let
  inherit (lib) literalExpression mkOption types;

  interface.options = {
    type = mkOption {
      type = types.enum [
        "user"
        "tap"
        "macvtap"
        "bridge"
      ];
      description = ''
        What the guest is connected to: the hypervisor's own network (`user`),
        a tap of the host, a macvtap on one of its interfaces, or a bridge.
      '';
    };

    id = mkOption {
      type = types.str;
      description = "Name of the interface on the host, at most 15 characters.";
    };

    mac = mkOption {
      type = types.str;
      description = "MAC address of the guest's interface.";
    };

    bridge = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "The host's bridge, for type `bridge`.";
    };

    macvtap.link = mkOption {
      type = types.str;
      description = "The host's interface to attach to, for type `macvtap`.";
    };

    macvtap.mode = mkOption {
      type = types.enum [
        "private"
        "vepa"
        "bridge"
        "passthru"
        "source"
      ];
      description = "Mode of the macvtap.";
    };

    tap.vhost = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether the host's kernel moves the packets (vhost-net), which is much
        faster. It needs the module `vhost_net`.
      '';
    };
  };

  endpoint = side: {
    address = mkOption {
      type = types.str;
      default = "";
      description = "IPv4 address of the ${side}; empty is any.";
    };
    port = mkOption {
      type = types.port;
      description = "Port of the ${side}.";
    };
  };

  forwardPort.options = {
    from = mkOption {
      type = types.enum [
        "host"
        "guest"
      ];
      default = "host";
      description = ''
        Which side connections come from: the host, to a port of the guest, or
        the guest, to a port that the host can reach.
      '';
    };
    proto = mkOption {
      type = types.enum [
        "tcp"
        "udp"
      ];
      default = "tcp";
      description = "Protocol to forward.";
    };
    host = endpoint "host";
    guest = endpoint "guest";
  };
in
{
  options.microvm = {
    interfaces = mkOption {
      type = types.listOf (types.submodule interface);
      default = [ ];
      description = "Network interfaces of the guest.";
    };

    forwardPorts = mkOption {
      type = types.listOf (types.submodule forwardPort);
      default = [ ];
      example = literalExpression ''
        [
          {
            host.port = 2222;
            guest.port = 22;
          }
        ]
      '';
      description = ''
        Ports that are forwarded between host and guest through an interface of
        type `user`. The guest's firewall has to let them in.
      '';
    };
  };
}
