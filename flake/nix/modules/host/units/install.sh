# install.sh DIRECTORY GROUP RUNNER flake|toplevel SOURCE: makes a VM's directory
# and points it to its runner. Whenever it is interrupted, every name in the
# directory is either the old or the new one.
set -eu
directory=$1 group=$2 runner=$3 kind=$4 source=$5

# The group is the VM's user's: it makes files here, but cannot replace ours.
mkdir -p "$directory"
chown "root:$group" "$directory"
chmod 1770 "$directory"
cd "$directory"

replace() {
  chown -h root:root "$1.new"
  mv -fT "$1.new" "$1"
}

if [ "$kind" = toplevel ]; then
  ln -sfnT "$source" toplevel.new
  replace toplevel
  rm -f flake
else
  umask 022
  printf '%s\n' "$source" >flake.new
  replace flake
  rm -f toplevel
fi
ln -sfnT "$runner" current.new
replace current
