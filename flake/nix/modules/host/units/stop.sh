# stop.sh SHUTDOWN WAITPID [PID]: asks the guest to power off by running SHUTDOWN,
# and waits until PID, its hypervisor, has ended. systemd has patience for as long
# as TimeoutStopSec. Without SHUTDOWN, or if it fails, systemd's signals follow at
# once. There is no PID if the hypervisor ended by itself.
if [ -z "$3" ] || [ ! -x "$1" ]; then
  exit 0
fi
"$1" && exec "$2" --exited "$3"
