# The QEMU for a guest: without windows and sound where it has no display, which
# nixpkgs builds for its own tests, and with libusb where it gets USB devices.
{
  lib,
  hostPackages,
  microvmConfig,
  package,
}:
let
  small = microvmConfig.optimize.enable && !microvmConfig.graphics.enable;
  usb = lib.any (device: device.bus == "usb") microvmConfig.devices;

  chosen =
    if small && package ? override then package.override { nixosTestRunner = true; } else package;
in
if usb then
  chosen.overrideAttrs (old: {
    configureFlags = old.configureFlags ++ [ "--enable-libusb" ];
    buildInputs = old.buildInputs ++ [ hostPackages.libusb1 ];
  })
else
  chosen
