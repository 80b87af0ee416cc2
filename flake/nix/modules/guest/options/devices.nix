# Devices of the host that the guest gets for itself.
{ lib, ... }:
let
  inherit (lib) literalExpression mkOption types;

  optionalStr =
    description:
    mkOption {
      type = types.nullOr types.str;
      default = null;
      inherit description;
    };

  device.options = {
    bus = mkOption {
      type = types.enum [
        "pci"
        "usb"
      ];
      description = "The device's bus.";
    };

    path = mkOption {
      type = types.str;
      description = ''
        Which device: `DOMAIN:BUS:SLOT.FUNCTION` of a PCI device, QEMU's
        properties of a USB device.
      '';
    };

    qemu = {
      id = optionalStr "What QEMU calls the device.";
      bus = optionalStr "QEMU's bus that the device is plugged into.";
      deviceExtraArgs = optionalStr "Further properties of the device, in QEMU's syntax.";
    };
  };
in
{
  options.microvm.devices = mkOption {
    type = types.listOf (types.submodule device);
    default = [ ];
    example = literalExpression ''
      [
        {
          bus = "pci";
          path = "0000:01:00.0";
        }
        {
          bus = "usb";
          path = "vendorid=0xabcd,productid=0x0123";
        }
      ]
    '';
    description = "PCI and USB devices that are passed through to the guest.";
  };
}
