# The guest's RAM. All sizes are in MiB.
{ config, lib, ... }:
let
  inherit (lib) literalExpression mkOption types;
in
{
  options.microvm = {
    mem = mkOption {
      type = types.ints.positive;
      default = 512;
      description = "RAM in MiB.";
    };

    hugepageMem = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the host backs the RAM by huge pages.";
    };

    hotplugMem = mkOption {
      type = types.ints.unsigned;
      default = 0;
      description = "RAM in MiB that can be added by virtio-mem while the guest runs.";
    };

    hotpluggedMem = mkOption {
      type = types.ints.unsigned;
      default = config.microvm.hotplugMem;
      defaultText = literalExpression "config.microvm.hotplugMem";
      description = "How much of {option}`microvm.hotplugMem` in MiB is there from the start.";
    };

    balloon = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether the guest has a memory balloon, by which the host can take RAM
        back. Where the hypervisor has virtio-mem, that is the better way.
      '';
    };

    initialBalloonMem = mkOption {
      type = types.ints.unsigned;
      default = 0;
      description = "Size of the balloon in MiB at start: what the guest does not get at first.";
    };

    deflateOnOOM = mkOption {
      type = types.bool;
      default = true;
      description = "Whether a guest that runs out of memory gets the balloon's.";
    };
  };
}
