{
  config,
  lib,
  pkgs,
  ...
}:

let
  inherit (lib) mkOption types;
  cfg = config.microvm;
in
{
  options.microvm.vms = mkOption {
    type = types.attrsOf (types.submodule (import ./vm-options.nix { inherit lib pkgs; }));
    default = { };
    example = lib.literalExpression ''
      {
        web.config.services.nginx.enable = true;
        mail = {
          flake = inputs.mail;
          updateFlake = "git+https://git.example.org/mail";
        };
      }
    '';
    description = ''
      The VMs that are built together with the host. The attribute's name is the
      VM's, and that of its directory in {option}`microvm.stateDir`.
    '';
  };

  config = lib.mkIf cfg.host.enable {
    microvm.autostart = builtins.attrNames (lib.filterAttrs (_: vm: vm.autostart) cfg.vms);
  };
}
