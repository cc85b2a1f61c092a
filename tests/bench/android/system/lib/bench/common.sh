# Sourced by the scripts of a bench phone.

dump_file() {
  for place in /vendor /system; do
    [ -f "$place/etc/bench/dumps/$1.txt" ] && { echo "$place/etc/bench/dumps/$1.txt"; return 0; }
  done
  return 1
}

# dump SERVICE: print its text; false when there is no such service.
dump() {
  typeset name=${1//\//_} file
  file=$(dump_file "$name") || return 1
  phoned fill "$file"
}

services() {
  for each in /vendor/etc/bench/dumps/*.txt /system/etc/bench/dumps/*.txt; do
    each=${each##*/}
    each=${each%.txt}
    echo "${each/_//}"
  done | sort -u
  printf '%s\n' batteryproperties connectivity package settings | sort
}

profile() {
  typeset line
  while IFS= read -r line; do
    [[ $line = "$1="* ]] && { print -r -- "${line#*=}"; return; }
  done </bench/profile
}

# The one word that is true or false in the way Java's parseBoolean takes it.
truth() { case $1 in [Tt][Rr][Uu][Ee]) echo 1 ;; *) echo 0 ;; esac; }

security_exception() {  # COMMAND MESSAGE
  {
    echo
    echo "Exception occurred while executing '$1':"
    echo "java.lang.SecurityException: $2"
    printf '\tat android.os.Parcel.createExceptionOrNull(Parcel.java:3011)\n'
    printf '\tat com.android.server.bench.Denied.enforce(Denied.java:17)\n'
    printf '\tat android.os.ShellCommand.exec(ShellCommand.java:38)\n'
  } >&2
  exit 255
}

# Some vendors let the shell change nothing until a second switch of the developer options is on.
needs_security_settings() {  # COMMAND MESSAGE
  [ "$(phoned get security_settings)" != "0.000000" ] || security_exception "$@"
}
