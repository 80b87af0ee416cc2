# x86_64 programs in an aarch64 guest.
{ config, lib, ... }:
let
  cfg = config.microvm;
in
{
  config = lib.mkIf (cfg.hypervisor == "vfkit" && cfg.vfkit.rosetta.enable) {
    virtualisation.rosetta.enable = true;
  };
}
