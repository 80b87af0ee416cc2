{ config, lib, ... }:

let
  cfg = config.microvm;
  isolated = lib.filter (g: g.vm.isolateUser) (
    lib.attrValues (import ./guests.nix { inherit config lib; })
  );
  names = [ "microvm" ] ++ map (g: g.user) isolated;

  memlock = domain: type: {
    inherit domain type;
    item = "memlock";
    value = "infinity";
  };
in
{
  config = lib.mkIf cfg.host.enable {
    # The group kvm is for /dev/kvm and virtiofsd's sockets. Its other members
    # have no business in the VMs' directories, hence a group for each user.
    users.users = lib.genAttrs names (name: {
      isSystemUser = true;
      group = "kvm";
      extraGroups = [ name ];
    });
    users.groups = lib.genAttrs names (_: { });

    # VFIO and huge pages lock the guest's memory. The units have a limit of
    # their own; this one is for the user's shells.
    security.pam.loginLimits = lib.concatMap (name: [
      (memlock name "hard")
      (memlock name "soft")
    ]) names;
  };
}
