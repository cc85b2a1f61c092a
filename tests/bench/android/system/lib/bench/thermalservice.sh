# cmd thermalservice override-status N | reset
case $1 in
  override-status)
    [[ $2 = [0-6] ]] || { echo 'Error: Invalid status' >&2; exit 255; }
    phoned set "thermal_override=$2" ;;
  reset) phoned set thermal_override=-1 ;;
  help|-h|'')
    echo 'Thermal service (thermalservice) commands:'
    echo '  help'
    echo '    Print this help text.'
    echo
    echo '  override-status STATUS'
    echo '    sets and locks the thermal status of the device to STATUS.'
    echo '  reset'
    echo '    unlocks the thermal status of the device.' ;;
  *) echo "Unknown command: $1"; exit 255 ;;
esac
