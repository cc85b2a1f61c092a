# cmd power ...
case $1 in
  set-fixed-performance-mode-enabled)
    [ $# -ge 2 ] || { echo 'Error: Argument expected after "set-fixed-performance-mode-enabled"' >&2; exit 255; }
    if [ "$(profile fixed_performance_mode)" != yes ]; then
      echo 'Failed to set FIXED_PERFORMANCE mode' >&2
      echo 'This is likely because android.hardware.power@1.3 or the AIDL power HAL does not support it' >&2
      exit 255
    fi
    phoned set "fixed_performance=$(truth "$2")" ;;
  set-mode) case $2 in 0|1) print "$2" >/bench/settings/global/low_power ;; *) echo 'Bad mode'; exit 255 ;; esac ;;
  set-adaptive-power-saver-enabled) ;;
  *) echo "Unknown command: $1"; exit 255 ;;
esac
