# What farm does in its box on a device: `sh box.sh COMMAND`, everything that varies as lines on standard input.
# For mksh with toybox, as Android has them since version 6. Nothing that was read is ever put into a line that a shell reads.
cd "${0%/*}" || exit 3

boot_id() { cat /proc/sys/kernel/random/boot_id; }

case $1 in
hash) # names -> "HEX  -" or "none", a line each
  while IFS= read -r name; do
    if [ -f "$name" ]; then touch "$name" && sha256sum <"$name"; else echo none; fi
  done
  ;;
keep) # partial name, final name: give a verified file its name
  IFS= read -r partial && IFS= read -r name && mkdir -p "${name%/*}" && touch "$partial" && mv -f "$partial" "$name"
  ;;
touch) # name -> "there" or "none": mark a file as used now
  IFS= read -r name && if [ -f "$name" ]; then touch "$name" && echo there; else echo none; fi
  ;;
cached) # -> "SECONDS BYTES NAME" of every cached file and every file of a harness, seconds since it was used last counted from 1970
  find files harness -type f -exec stat -c '%Y %s %n' {} + 2>/dev/null
  exit 0
  ;;
remove) # names of files or folders in the box
  while IFS= read -r name; do rm -rf "./$name"; done
  ;;
start) # run folder, number of lines of what is noted beside the program, these (as `note` takes them), then the words of the program
  # -> "PID", boot id and /proc/PID/stat of the launcher
  IFS= read -r run && IFS= read -r count && mkdir -p "$run" || exit 3
  while [ "$count" -gt 0 ] && IFS= read -r word; do
    echo "$word"
    count=$((count - 1))
  done >"$run/notes"
  set --
  while IFS= read -r word; do set -- "$@" "$word"; done
  # The launcher has a session of its own: adbd's end, or a pulled cable, does not reach it.
  setsid sh -c '
    run=$1 box=$2; shift 2
    exec 9>"$run/lock"; flock 9 9>&9 # until this launcher ends, however it ends
    { echo $$; cat /proc/sys/kernel/random/boot_id /proc/$$/stat; } >"$run/started.tmp" && mv "$run/started.tmp" "$run/started"
    if [ -s "$run/notes" ]; then setsid sh "$box" note "$run" <"$run/notes" >"$run/watched" 2>&1 9>&- & fi
    "$@"
    echo $? >"$run/exit.tmp" && mv "$run/exit.tmp" "$run/exit"
  ' farm-launch "$run" "./${0##*/}" "$@" </dev/null >"$run/log" 2>&1 &
  tries=0
  while [ ! -f "$run/started" ] && [ $tries -lt 100 ]; do sleep 0.05; tries=$((tries + 1)); done
  cat "$run/started"
  ;;
wait) # run folder, seconds: return when the launcher has ended, or after so long; nothing runs on the device meanwhile
  IFS= read -r run && IFS= read -r seconds || exit 3
  [ -f "$run/exit" ] || { exec 9<"$run/lock" && timeout "$seconds" flock 9 9<&9; }
  exit 0
  ;;
note) # (a run folder as argument) seconds, what is looked at: say what it says, again and again until the run's launcher has ended
  run=$2
  IFS= read -r seconds || exit 3
  set --
  while IFS= read -r word; do set -- "$@" "$word"; done
  now() { t=$EPOCHREALTIME; [ "$t" ] || t=$(date +%s.%N); }
  exec 9<"$run/lock" </dev/null || exit 3
  while :; do
    now; echo "@@@ farm begin $t"
    for what; do
      echo "@@@ farm $what"
      case $what in
      battery) dumpsys battery ;;
      command) cmd battery get -f current_now ;;
      call) service call batteryproperties 1 i32 2 ;;
      thermal) dumpsys thermalservice ;;
      rails) dumpsys android.hardware.power.stats.IPowerStats/default ;;
      refresh) cmd battery get -f level >/dev/null ;; # the service asks the gauge anew, for the next look
      esac
    done
    now; echo "@@@ farm end $t"
    timeout "$seconds" flock 9 9<&9 && exit 0
  done
  ;;
poll) # run folder, pid -> boot id, exit code or "none", /proc/PID/stat or nothing
  IFS= read -r run && IFS= read -r pid
  boot_id
  stat=$(cat "/proc/$pid/stat" 2>/dev/null) # before the exit code: a process that is gone by then has left its code, or was killed
  cat "$run/exit" 2>/dev/null || echo none
  echo "$stat"
  ;;
stop) # pid of a launcher: end its session's process group
  IFS= read -r pid && kill -9 "-$pid" 2>/dev/null
  exit 0
  ;;
left) # -> the run folders that are there; what is left of a push that was broken off goes
  rm -f files/partial-*
  for run in runs/*; do [ -d "$run" ] && echo "${run#runs/}"; done
  exit 0
  ;;
log) # run folder -> the end of its log
  IFS= read -r run && tail -c 65536 "$run/log" 2>/dev/null
  exit 0
  ;;
get | put | unset) # namespace, key, for put the value -> what `settings` says
  IFS= read -r namespace && IFS= read -r key && IFS= read -r value
  case $1 in
  get) settings get "$namespace" "$key" 2>&1 ;;
  put) settings put "$namespace" "$key" "$value" 2>&1 ;;
  unset) settings delete "$namespace" "$key" 2>&1 ;;
  esac
  exit 0 # a refusal is an answer
  ;;
look) # airplane_mode, screen, fixed_performance or background_dexopt -> what the phone says of it
  IFS= read -r what || exit 3
  case $what in
  airplane_mode) cmd connectivity airplane-mode 2>&1 ;;
  screen) dumpsys power 2>&1 ;;
  background_dexopt) cmd package help 2>&1 ;;
  fixed_performance) ;; # nothing tells
  *) exit 3 ;;
  esac
  exit 0
  ;;
switch) # what, how -> what the phone says to that, and "exit CODE"
  IFS= read -r what && IFS= read -r how || exit 3
  case $what/$how in
  airplane_mode/enable | airplane_mode/disable) cmd connectivity airplane-mode "$how" 2>&1 ;;
  screen/WAKEUP | screen/SLEEP) input keyevent "KEYCODE_$how" 2>&1 ;;
  fixed_performance/true | fixed_performance/false) cmd power set-fixed-performance-mode-enabled "$how" 2>&1 ;;
  background_dexopt/--disable | background_dexopt/--enable) cmd package bg-dexopt-job "$how" 2>&1 ;;
  *) exit 3 ;;
  esac
  echo "exit $?"
  ;;
claim) # host, seconds, holder in words -> "taken", or "held" and the holder's words; a lease that is past its time is none
  IFS= read -r host && IFS= read -r seconds && IFS= read -r holder || exit 3
  exec 9>lease.lock && flock 9 9>&9 || exit 3 # mksh gives its own descriptors to a child only when told
  now=$(date +%s) other= until=0 whose=
  [ -f lease ] && { IFS= read -r other; IFS= read -r until; IFS= read -r whose; } <lease
  left=$((until - now)) # much more than was asked for: the device's clock has gone back
  if [ -n "$other" ] && [ "$other" != "$host" ] && [ $left -gt 0 ] && [ $left -le 600 ]; then
    echo held
    print -r -- "$whose"
  else
    # Over what is there, and not by a new file: a lease can be renewed, and what is held put back, on a disk that is full.
    { echo "$host"; echo $((now + seconds)); print -r -- "$holder"; } 1<>lease && echo taken # (echo takes a \ for more than itself)
  fi
  ;;
holder) # -> host and words of the holder of a lease that lasts, a line each, or nothing
  [ -f lease ] && { IFS= read -r other; IFS= read -r until; IFS= read -r whose; } <lease || exit 0
  left=$((until - $(date +%s)))
  [ $left -gt 0 ] && [ $left -le 600 ] && echo "$other" && print -r -- "$whose"
  exit 0
  ;;
release) # host: give up a lease, if it is this host's
  IFS= read -r host || exit 3
  exec 9>lease.lock && flock 9 9>&9 || exit 3 # mksh gives its own descriptors to a child only when told
  [ -f lease ] && IFS= read -r other <lease && [ "$other" = "$host" ] && rm lease
  exit 0
  ;;
room) # -> free kB of the box's file system
  df -k . | tail -n 1
  ;;
*) exit 2 ;;
esac
