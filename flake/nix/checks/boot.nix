{
  self,
  nixpkgs,
  pkgs,
  microvm,
}:
hypervisor:

let
  inherit (pkgs) lib;
  platform = pkgs.stdenv.hostPlatform;

  # Of these the VMM ends when the guest powers off; of the others, when it
  # reboots.
  powersOff = lib.elem hypervisor [
    "cloud-hypervisor"
    "alioth"
  ];

  end =
    { pkgs, ... }:
    {
      systemd.services.say-hello = {
        serviceConfig.ExecStartPost = "${lib.getExe' pkgs.systemd "systemctl"} --no-block ${
          if powersOff then "poweroff" else "reboot"
        }";
      };
      # Its sandbox needs an empty directory, which a build has only here.
      microvm.crosvm.pivotRoot = "/build/empty";
    };

  guest = nixpkgs.lib.nixosSystem {
    modules = [
      self.nixosModules.microvm
      { nixpkgs.hostPlatform = platform.system; }
      (import ./guest.nix hypervisor)
      end
    ];
  };
in
pkgs.runCommand "microvm-boot-${hypervisor}"
  {
    nativeBuildInputs = [
      microvm
      pkgs.e2fsprogs
    ];
    requiredSystemFeatures = [ "kvm" ];
    meta.timeout = 600;
  }
  ''
    mkdir -p empty state runtime
    export HOME=$PWD XDG_RUNTIME_DIR=$PWD/runtime
    microvm run --host-tools guest --dir state ${guest.config.microvm.declaredRunner}
    debugfs -R 'cat /machine' state/output.img > machine
    grep -Fx ${platform.uname.processor} machine
    cp machine $out
  ''
