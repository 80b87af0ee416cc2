{
  config,
  lib,
  pkgs,
  ...
}:

{
  config = lib.mkIf config.microvm.host.enable {
    boot.kernelModules = [
      "tap"
      "vhost_net"
    ];

    # With it QEMU makes the tap of a `bridge` interface without being root.
    # libvirtd brings the same wrapper.
    security.wrappers.qemu-bridge-helper = lib.mkIf (!config.virtualisation.libvirtd.enable) {
      source = "${pkgs.qemu-utils}/libexec/qemu-bridge-helper";
      owner = "root";
      group = "root";
      capabilities = "cap_net_admin+ep";
    };

    # The bridges it may use.
    environment.etc."qemu/bridge.conf".text = lib.mkDefault ''
      allow all
    '';
  };
}
