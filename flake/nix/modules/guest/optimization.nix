# A smaller system that boots faster.
{
  config,
  lib,
  options,
  ...
}:
let
  cfg = config.microvm;

  canSwitch =
    config.services.openssh.enable && lib.any (share: share.source == "/nix/store") cfg.shares;
in
{
  config = lib.mkIf (cfg.guest.enable && cfg.optimize.enable) {
    documentation.enable = lib.mkDefault false;

    boot = {
      initrd.systemd = {
        # Under the others it fails to mount the store.
        enable = lib.mkDefault (
          lib.elem cfg.hypervisor [
            "qemu"
            "cloud-hypervisor"
            "firecracker"
            "stratovirt"
          ]
        );
        tpm2.enable = lib.mkDefault false;
      };
      # Probing for more serial ports takes time.
      kernelParams = [ "8250.nr_uarts=1" ];
      swraid.enable = lib.mkDefault false;
    };

    nixpkgs.overlays = [
      (_final: prev: {
        stratovirt = prev.stratovirt.override { gtk3 = null; };
      })
    ];

    networking.useNetworkd = lib.mkDefault true;

    systemd = {
      # It waits for links that nobody manages: systemd issue 29388.
      network.wait-online.enable = lib.mkDefault false;
      tpm2.enable = lib.mkDefault false;
    };

    system = lib.optionalAttrs (options.system ? switch && !canSwitch) {
      switch.enable = lib.mkDefault false;
    };
  };
}
