# Copies the derivations of a guest to a host and installs its runner there.
# shellcheck shell=bash disable=SC2154  # the variables come from ssh-deploy.nix

usage="usage: microvm-install-on-host USER@HOST [--use-remote-sudo]"

host=${1:?"$usage"}
shell=(bash -s --)
case ${2-} in
"") ;;
--use-remote-sudo) shell=(sudo bash -s --) ;;
*)
	echo "$usage" >&2
	exit 2
	;;
esac

echo "copying derivations to $host" >&2
nix copy --no-check-sigs --derivation --to "ssh-ng://$host" "$closureDrv^out" "$runnerDrv^out"

# Store paths and host names need no quotes in the shell at the other end.
ssh "$host" -- "${shell[@]}" "$hostName" "$runnerDrv" "$nixDrv" "$closureDrv" "$toplevelDrv" <<'EOS'
set -euo pipefail
name=$1 runner=$2
shift 2

dir=/var/lib/microvms/$name
roots=/nix/var/nix/gcroots/microvm
mkdir -p "$dir" "$roots"
cd "$dir"
chown microvm:kvm .
ln -sfT "$dir/current" "$roots/$name"
ln -sfT "$dir/booted" "$roots/booted-$name"
ln -sfT "$dir/old" "$roots/old-$name"

export NIX_CONFIG="extra-experimental-features = nix-command flakes"
echo "building $name" >&2
nix build --print-build-logs --accept-flake-config --no-link "${@/%/^out}"
nix build --print-build-logs --accept-flake-config --out-link new "$runner^out"

if [[ $(readlink -f current) == "$(readlink -f new)" ]]; then
	rm new
	echo "$name is up to date" >&2
	exit
fi
if [[ -e current ]]; then
	mv -T current old
fi
mv -T new current
echo "installed $name" >&2
if [[ -e old ]]; then
	nix store diff-closures ./old ./current || true
fi
EOS
