# Installs a guest's runner on its host, then switches the guest or restarts it.
# shellcheck shell=bash disable=SC2154  # the variables come from ssh-deploy.nix

usage="usage: microvm-rebuild USER@HOST USER@GUEST [--use-remote-sudo] [ACTION]"

host=${1:?"$usage"}
guest=${2:?"$usage"}
shift 2
sudo=()
if [[ ${1-} == --use-remote-sudo ]]; then
	sudo=(--use-remote-sudo)
	shift
fi
if (($# > 1)); then
	echo "$usage" >&2
	exit 2
fi

"$installOnHost" "$host" "${sudo[@]}"
if [[ -n $sshSwitch ]]; then
	"$sshSwitch" "$guest" "${sudo[@]}" "$@"
else
	ssh "$host" -- ${sudo:+sudo} systemctl restart "microvm@$hostName.service"
fi
