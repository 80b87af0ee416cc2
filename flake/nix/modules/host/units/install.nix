# The directories of the VMs that the host's configuration declares.
{
  config,
  lib,
  pkgs,
  ...
}:

let
  cfg = config.microvm;
  hardening = import ./hardening.nix { inherit config lib; };
  guests = lib.attrValues (import ../guests.nix { inherit config lib; });

  before = name: [
    "microvm@${name}.service"
    "microvm-tap-interfaces@${name}.service"
    "microvm-macvtap-interfaces@${name}.service"
    "microvm-pci-devices@${name}.service"
    "microvm-virtiofsd@${name}.service"
    "microvm-set-booted@${name}.service"
  ];

  installs =
    guest:
    let
      inherit (guest.vm) updateFlake;
      arguments = [
        guest.dir
        guest.group
        guest.runner
        # Where updates come from, or what makes this unit change with the guest.
        (if guest.isFlake then "flake" else "toplevel")
        (
          if !guest.isFlake then
            guest.toplevel
          else if updateFlake != null then
            updateFlake
          else
            guest.vm.flake
        )
      ];
    in
    {
      name = "install-microvm-${guest.name}";
      value = {
        description = "Install MicroVM '${guest.name}'";
        before = before guest.name;
        partOf = [ "microvm@${guest.name}.service" ];
        wantedBy = [ "microvms.target" ];
        unitConfig = lib.optionalAttrs (updateFlake != null) {
          ConditionPathExists = "!${guest.dir}/current";
        };
        path = [ pkgs.coreutils ];
        script = "${pkgs.runtimeShell} ${./install.sh} ${lib.escapeShellArgs arguments}";
        serviceConfig = {
          Type = "oneshot";
          SyslogIdentifier = "install-microvm-${guest.name}";
        }
        // hardening.install;
      };
    };
in
{
  config = lib.mkIf cfg.host.enable {
    systemd.services = lib.listToAttrs (map installs guests);
  };
}
