# A device's path that can stand in an udev rule: no quotes and no wildcards.
{ lib }:
lib.types.strMatching "/dev/[a-zA-Z0-9_.:+@=,#%-]+(/[a-zA-Z0-9_.:+@=,#%-]+)*"
// {
  description = "path below /dev";
}
