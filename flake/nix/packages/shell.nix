# What `make demo`, `make test` and `make lint` need.
{
  lib,
  stdenv,
  mkShell,
  e2fsprogs,
  git,
  go,
  gnumake,
  nixfmt-tree,
  qemu,
  kmod,
  virtiofsd,
  xz,
  zstd,
}:

mkShell {
  packages = [
    e2fsprogs
    git
    go
    gnumake
    nixfmt-tree
    qemu
    xz
    zstd
  ]
  ++ lib.optionals stdenv.hostPlatform.isLinux [
    kmod
    virtiofsd
  ];
}
