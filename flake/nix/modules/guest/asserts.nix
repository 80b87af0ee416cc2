# What is wrong with the guest's options and can be said before anything is built.
# What a hypervisor lacks is found when its runner is built.
{ config, lib, ... }:
let
  inherit (lib) concatMap filter hasInfix length;
  cfg = config.microvm;

  say = text: "MicroVM ${config.networking.hostName}: ${text}";

  refuse = wrong: text: {
    assertion = !wrong;
    message = say text;
  };

  unique =
    what: key: items:
    lib.mapAttrsToList (
      value: users:
      refuse (length users > 1) ''${what} "${value}" is used ${toString (length users)} times.''
    ) (lib.groupBy key items);

  virtiofsShares = filter (share: share.proto == "virtiofs") cfg.shares;

  checkInterface = i: [
    (refuse (
      i.type == "bridge" && i.bridge == null
    ) ''interface "${i.id}" has the type "bridge" and needs the name of a bridge: set its option bridge.'')
    (refuse (
      i.type != "bridge" && i.bridge != null
    ) ''interface "${i.id}" has the type "${i.type}": only the type "bridge" has the option bridge.'')
    (refuse (
      lib.stringLength i.id > 15
    ) ''interface "${i.id}": Linux takes names of at most 15 characters.'')
  ];

  translatesIds = lib.any (arg: hasInfix "--translate-uid" arg || hasInfix "--translate-gid" arg);

  checkVirtiofsShare = s: [
    (refuse (s.socket == null) ''share "${s.tag}": virtiofs needs a socket.'')
    (refuse (s.posixAcl && translatesIds (cfg.virtiofsd.extraArgs ++ s.extraArgs))
      ''share "${s.tag}": virtiofsd cannot translate user or group ids and pass POSIX ACLs: set posixAcl = false.''
    )
  ];

  hasUserInterface = lib.any (i: i.type == "user") cfg.interfaces;
  optimisesStore = config.nix.optimise.automatic || config.nix.settings.auto-optimise-store;
in
{
  config = lib.mkIf cfg.guest.enable {
    assertions =
      unique "the volume image" (v: v.image) cfg.volumes
      ++ unique "the interface id" (i: i.id) cfg.interfaces
      ++ unique "the share tag" (s: s.tag) cfg.shares
      ++ unique "the share socket" (s: s.socket) (filter (s: s.socket != null) virtiofsShares)
      ++ concatMap checkInterface cfg.interfaces
      ++ concatMap checkVirtiofsShare virtiofsShares
      ++ [
        (refuse (
          cfg.forwardPorts != [ ] && !hasUserInterface
        ) ''microvm.forwardPorts needs an interface of the type "user".'')
        (refuse (lib.any (hasInfix "oem_strings") cfg.cloud-hypervisor.platformOEMStrings)
          "microvm.cloud-hypervisor.platformOEMStrings: leave out `oem_strings=` and the brackets."
        )
        (refuse (cfg.writableStoreOverlay != null && optimisesStore)
          "microvm.writableStoreOverlay does not work with nix.optimise.automatic or nix.settings.auto-optimise-store."
        )
      ];

    warnings =
      lib.optional (cfg.mem < 32) (say "${toString cfg.mem} MiB of RAM is hardly enough.")
      ++ lib.optional config.nix.optimise.automatic (
        say "nix.optimise.automatic gains nothing in a guest: it opens many files of a shared store, and a store disk is compressed as it is."
      );
  };
}
