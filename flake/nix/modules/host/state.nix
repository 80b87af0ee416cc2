# Directories. The units run what is behind a VM's link `current` as root, so
# neither the state directory nor that link may belong to the VM's user: each
# VM's directory is root's, and sticky for the group that may write to it.
{ config, lib, ... }:

let
  cfg = config.microvm;
  guests = lib.attrValues (import ./guests.nix { inherit config lib; });

  inStore = path: path == builtins.storeDir || lib.hasPrefix "${builtins.storeDir}/" path;

  # A share that exists is left as it is, hence the colons.
  share = guest: source: {
    name = source;
    value.d = {
      user = ":${guest.user}";
      group = ":kvm";
      mode = ":0775";
    };
  };
  sharesOf = guest: map (s: share guest s.source) (lib.filter (s: !inStore s.source) guest.shares);

  root = name: target: {
    name = "/nix/var/nix/gcroots/microvm/${name}";
    value."L+".argument = target;
  };
  rootsOf = guest: [
    (root guest.name "${guest.dir}/current")
    (root "booted-${guest.name}" "${guest.dir}/booted")
  ];

  # Images that the shared user made.
  image = guest: path: {
    name = path;
    value.z = { inherit (guest) user group; };
  };
  imagesOf =
    guest:
    lib.optionals guest.vm.isolateUser (
      map (image guest) (lib.filter (lib.hasPrefix "${guest.dir}/") guest.images)
    );
in
{
  config = lib.mkIf cfg.host.enable {
    systemd.tmpfiles.settings."10-microvm" =
      lib.listToAttrs (lib.concatMap (g: rootsOf g ++ imagesOf g ++ sharesOf g) guests)
      // {
        ${cfg.stateDir}.d = {
          user = "root";
          group = "root";
          mode = "0755";
        };
      };
  };
}
