# Guest programs with a window on the host.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  # Wayland through virtio-gpu.
  run-wayland-proxy = pkgs.writeShellScriptBin "run-wayland-proxy" ''
    exec ${lib.getExe pkgs.wayland-proxy-virtwl} --virtio-gpu -- "$@"
  '';

  # Wayland through vsock, to `waypipe --vsock -s 6000 client` on the host.
  run-waypipe = pkgs.writeShellScriptBin "run-waypipe" ''
    exec ${lib.getExe pkgs.waypipe} --vsock -s 2:6000 server "$@"
  '';
in
{
  config = lib.mkIf config.microvm.graphics.enable {
    boot.kernelModules = [
      "drm"
      "virtio_gpu"
    ];

    environment.systemPackages = [
      run-wayland-proxy
      run-waypipe
    ];
  };
}
