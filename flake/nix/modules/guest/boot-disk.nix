# A disk with an EFI system partition, for who cannot boot a kernel directly.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.microvm;
  kernelFile = cfg.kernel.target or config.system.boot.loader.kernelFile;
  efiArch = pkgs.stdenv.hostPlatform.efiArch;

  entry = pkgs.writeText "microvm.conf" ''
    title NixOS ${config.system.nixos.label}
    linux /${kernelFile}
    initrd /initrd
    options ${builtins.unsafeDiscardStringContext (toString cfg.kernelParams)}
  '';
in
{
  config = lib.mkIf cfg.guest.enable {
    microvm.bootDisk =
      pkgs.buildPackages.runCommandLocal "microvm-bootdisk.img"
        {
          nativeBuildInputs = with pkgs.buildPackages; [
            dosfstools
            mtools
            util-linux
          ];
          kernel = "${cfg.kernel}/${kernelFile}";
          initrd = "${cfg.initrdPath}";
          loader = "${pkgs.systemd}/lib/systemd/boot/efi/systemd-boot${efiArch}.efi";
          inherit entry;
          # Uppercase, as the EFI specification has it.
          bootFile = "BOOT${lib.toUpper efiArch}.EFI";
        }
        ''
          # The ids are any, but the same for every build.
          bytes=$(cat "$kernel" "$initrd" "$loader" | wc --bytes)
          # FAT32 has at least 65525 clusters, here of 512 bytes.
          mib=$((bytes / 1048576 + 48))

          truncate --size="$((mib + 2))M" "$out"
          sfdisk --quiet "$out" <<EOF
          label: gpt
          label-id: 5d0a8d1b-6c5c-4b0a-9d6e-7d1f3a2b4c5d
          start=1MiB, size=''${mib}MiB, type=uefi, name=ESP, uuid=8f2c4e6a-0b1d-4f3e-a5c7-9e1b3d5f7a90
          EOF

          esp=$out@@1M
          mkfs.vfat --offset 2048 -F 32 -i 4d494352 -n ESP "$out" "$((mib * 1024))"
          mmd -i "$esp" ::/EFI ::/EFI/BOOT ::/loader ::/loader/entries
          mcopy -i "$esp" "$loader" "::/EFI/BOOT/$bootFile"
          mcopy -i "$esp" "$entry" ::/loader/entries/microvm.conf
          mcopy -i "$esp" "$kernel" "::/$(basename "$kernel")"
          mcopy -i "$esp" "$initrd" ::/initrd
        '';
  };
}
