# The commands of the battery service: `dumpsys battery ARGUMENTS` and `cmd battery ARGUMENTS` alike.
usage() {
  phoned fill /system/etc/bench/battery_help.txt
}

key_of() {
  case $1 in
    ac|usb|level|status) echo "$1" ;;
    temp) echo battery_dc ;;
    counter) echo charge_uah ;;
    *) return 1 ;;
  esac
}

get() {
  case $1 in
    ac|usb|level|status|temp|counter) print -r -- "@$(key_of "$1")@" | phoned fill /proc/self/fd/0 ;;
    wireless|dock) echo false ;;
    present) echo true ;;
    invalid) echo 0 ;;
    current_now|current_average)
      case $(profile battery_get_current) in
        ua) phoned get current_ua ;;
        ma) phoned get drain_ma ;;
        *) echo "Unknown get option: $1"; exit 255 ;;
      esac ;;
    *) echo "Unknown get option: $1"; exit 255 ;;
  esac
}

set_value() {
  typeset key
  key=$(key_of "$1") || { echo "Unknown set option: $1"; exit 255; }
  case $1 in
    ac|usb) if [ "$2" = 0 ]; then set -- "$1" false; else set -- "$1" true; fi ;;
    *) [[ $2 = ?(-)+([0-9]) ]] || { echo "Bad value: $2"; exit 255; } ;;
  esac
  phoned freeze "$key=$2"
}

action=$1
[ $# -gt 0 ] && shift
[ "$1" = -f ] && { shift; forced=yes; }
case $action in
  get) get "$1" ;;
  set) set_value "$1" "$2" ;;
  unplug) phoned freeze ac=false usb=false online=0 plug=0 status=3 limit_ua=0 limit_uv=0 ;;
  reset) phoned freeze ;;
  suspend_input) security_exception suspend_input "Permission denial: root is needed to suspend the input" ;;
  -h|help|'') usage ;;
  *) echo "Unknown command: $action"; exit 255 ;;
esac
