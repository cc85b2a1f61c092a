# cmd connectivity airplane-mode [enable|disable]
[ "$1" = airplane-mode ] || { echo "Unknown command: $1"; exit 255; }
case $2 in
  '') phoned get airplane ;;
  enable) needs_security_settings airplane-mode 'ConnectivityService: Neither user 2000 nor current process has android.permission.NETWORK_AIRPLANE_MODE.'
    phoned set airplane=1; print 1 >/bench/settings/global/airplane_mode_on ;;
  disable) needs_security_settings airplane-mode 'ConnectivityService: Neither user 2000 nor current process has android.permission.NETWORK_AIRPLANE_MODE.'
    phoned set airplane=0; print 0 >/bench/settings/global/airplane_mode_on ;;
  *) echo "Unknown argument: $2"; exit 255 ;;
esac
