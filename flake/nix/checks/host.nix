{
  self,
  pkgs,
  ...
}:
hypervisor:

let
  inherit (pkgs.stdenv.hostPlatform) system;
  cpu =
    {
      x86_64-linux = "kvm64,+svm,+vmx";
      aarch64-linux = "cortex-a72";
    }
    .${system};
in
pkgs.testers.runNixOSTest {
  name = "microvm-host-${hypervisor}";
  meta.timeout = 1800;

  nodes.host = {
    imports = [ self.nixosModules.host ];
    virtualisation = {
      cores = 2;
      memorySize = 2048;
      diskSize = 4096;
      qemu.options = [
        "-cpu"
        cpu
      ];
    };
    microvm.vms.guest.config = import ./guest.nix hypervisor;
  };

  testScript = ''
    host.wait_for_unit("microvm@guest.service")
    host.wait_until_succeeds("journalctl -u microvm@guest.service | grep -F 'the guest is up'", timeout=1200)
    host.succeed("test $(readlink /var/lib/microvms/guest/booted) = $(readlink /var/lib/microvms/guest/current)")
    host.succeed("systemctl stop microvm@guest.service")
    host.fail("systemctl is-failed microvm@guest.service")
    host.fail("test -e /var/lib/microvms/guest/booted")
  '';
}
