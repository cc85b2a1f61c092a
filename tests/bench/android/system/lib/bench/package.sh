# cmd package help | bg-dexopt-job | compile | list
sdk=$(/system/bin/getprop ro.build.version.sdk)
case $1 in
  help)
    echo 'Package manager (package) commands:'
    echo '  help'
    echo '    Print this help text.'
    if [ "$sdk" -ge 34 ]; then # the ART service's; before it, words that follow are packages to compile
      echo 'bg-dexopt-job [--cancel | --disable | --enable]'
      echo '  Control the background dexopt job.'
    else
      echo '  bg-dexopt-job [PACKAGE... ]'
      echo '    Execute the background optimizations immediately.'
    fi ;;
  bg-dexopt-job)
    [ "$sdk" -ge 34 ] || { [ $# -eq 1 ] && echo Success || echo Failure; exit; }
    case $2 in
      --disable) phoned set dexopt_disabled=1; echo 'Background dexopt job disabled' ;;
      --enable) phoned set dexopt_disabled=0; echo 'Background dexopt job enabled' ;;
      --cancel) echo 'Background dexopt job cancelled' ;;
      '') echo Success ;;
      *) echo "Error: Unknown option: $2" >&2; exit 255 ;;
    esac ;;
  compile) echo Success ;;
  list) case $2 in packages) printf 'package:android\npackage:com.android.shell\n' ;; *) exit 255 ;; esac ;;
  *) echo "Unknown command: $1" >&2; exit 255 ;;
esac
