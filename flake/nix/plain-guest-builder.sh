# The builder of plainGuest's runner. In Nix's sandbox /bin/sh is often a
# busybox that has no other applet, so nothing but the shell is taken for granted.
set -eu

if [ -n "$microvm" ]; then
  exec "$microvm" spec --check "$specPath" --install "$out"
fi

PATH=/bin:/usr/bin:/run/current-system/sw/bin
export PATH
if ! command -v mkdir >/dev/null; then
  echo "plainGuest: no mkdir in this build sandbox; pass microvm = ./microvm (a static binary) or a package" >&2
  exit 1
fi

mkdir -p "$out/bin" "$out/share/microvm"
cp "$specPath" "$out/share/microvm/spec.json"
printf '%s\n' "$hypervisor" >"$out/share/microvm/hypervisor"
printf '#!/bin/sh\nexec microvm run %s "$@"\n' "$out" >"$out/bin/microvm-run"
chmod +x "$out/bin/microvm-run"
