# cmd package bg-dexopt-job | compile | list
case $1 in
  bg-dexopt-job)
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
