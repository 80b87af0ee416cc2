{ config, lib, ... }:

{
  config = lib.mkIf config.microvm.host.enable {
    # Guests of one nixpkgs have many pages in common.
    hardware.ksm.enable = lib.mkDefault true;
  };
}
