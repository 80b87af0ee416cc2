# The units with runners that are shell scripts, so that no VM is nested. One is a
# foreign runner that somebody has put there, the other one is declared.
{
  self,
  pkgs,
  ...
}:

let
  runner =
    name:
    pkgs.runCommand "microvm-${name}" { } ''
      mkdir -p $out/bin
      install -m 755 ${pkgs.writeShellScript "run" ''
        trap 'exit 0' USR1
        touch started
        while :; do sleep 0.1; done
      ''} $out/bin/microvm-run
      install -m 755 ${pkgs.writeShellScript "shutdown" ''
        kill -USR1 "$MAINPID"
      ''} $out/bin/microvm-shutdown
      install -m 755 ${pkgs.writeShellScript "tap-up" ''
        ${pkgs.iproute2}/bin/ip tuntap add name vm-${name} mode tap user microvm vnet_hdr
      ''} $out/bin/tap-up
      install -m 755 ${pkgs.writeShellScript "tap-down" ''
        ${pkgs.iproute2}/bin/ip link delete vm-${name}
      ''} $out/bin/tap-down
    '';
in
pkgs.testers.runNixOSTest {
  name = "microvm-units";
  meta.timeout = 600;

  nodes.host = {
    imports = [ self.nixosModules.host ];
    microvm.vms.declared.evaluatedConfig.config.microvm.declaredRunner = runner "declared";
    system.extraDependencies = [ (runner "foreign") ];
  };

  testScript = ''
    state = "/var/lib/microvms"

    host.wait_for_unit("microvm@declared.service")
    host.succeed(f"install -d -m 755 -o microvm -g kvm {state}/foreign")
    host.succeed(f"ln -s ${runner "foreign"} {state}/foreign/current")
    host.succeed("systemctl start microvm@foreign.service")

    for name in ["declared", "foreign"]:
        unit = f"microvm@{name}.service"
        host.wait_until_succeeds(f"test -e {state}/{name}/started")
        host.succeed(f"ip link show vm-{name}")
        pid = host.succeed(f"systemctl show --property MainPID --value {unit}").strip()
        # What its hypervisor would see: itself, and no other VM.
        seen = host.succeed(f"nsenter --target {pid} --mount ls {state}").split()
        assert seen == [name], f"{unit} sees {seen}"
        host.succeed(f"ps --no-headers -o user {pid} | grep -Fx microvm")

    # A VM's user can make files in its directory, but not replace what root runs.
    host.succeed(f"stat --format '%a %U' {state}/declared | grep -Fx '1770 root'")
    host.fail(f"runuser -u microvm -- rm {state}/declared/current")
    host.succeed("grep -Fx 'NoNewPrivs:\t1' /proc/$(systemctl show --property MainPID --value microvm@declared.service)/status")

    for name in ["declared", "foreign"]:
        host.succeed(f"systemctl stop microvm@{name}.service")
        host.succeed(f"systemctl show --property Result microvm@{name}.service | grep -Fx Result=success")
        host.succeed(f"systemctl show --property ExecMainCode microvm@{name}.service | grep -Fx ExecMainCode=1")
        host.fail(f"ip link show vm-{name}")
        host.fail(f"test -e {state}/{name}/booted")
  '';
}
