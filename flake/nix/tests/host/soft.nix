# The units as microvm.nix has them, unconfined.
{
  microvm.host.hardening.enable = false;
  microvm.vms.web.evaluatedConfig.config.microvm.declaredRunner = "/pkgs/microvm-web";
}
