# Switches a running guest to a system that is in its store already.
# shellcheck shell=bash disable=SC2154  # the variables come from ssh-deploy.nix

usage="usage: microvm-switch USER@GUEST [--use-remote-sudo] [ACTION]"

guest=${1:?"$usage"}
shift
shell=(bash -s --)
if [[ ${1-} == --use-remote-sudo ]]; then
	shell=(sudo bash -s --)
	shift
fi
if (($# > 1)); then
	echo "$usage" >&2
	exit 2
fi
action=${1:-switch}
case $action in
switch | boot | test | dry-activate) ;;
*)
	echo "microvm-switch: \"$action\" is none of switch, boot, test, dry-activate" >&2
	exit 2
	;;
esac

ssh "$guest" -- "${shell[@]}" "$hostName" "$nixOut" "$closureOut" "$toplevelOut" "$action" <<'EOS'
set -euo pipefail
name=$1 nix=$2 closure=$3 system=$4 action=$5

here=$(</etc/hostname)
if [[ $here != "$name" ]]; then
	echo "this is the system of $name, but the guest is $here" >&2
	exit 1
fi
# The profile accepts only what the database knows.
"$nix/bin/nix-store" --load-db <"$closure/registration"
"$nix/bin/nix-env" --profile /nix/var/nix/profiles/system --set "$system"
exec "$system/bin/switch-to-configuration" "$action"
EOS
