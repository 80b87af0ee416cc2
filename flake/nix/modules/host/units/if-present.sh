# if-present.sh PROGRAM [ARGUMENT...]: runs the program if there is one.
if [ -x "$1" ]; then
  exec "$@"
fi
