# What runs on a host, as root: POSIX shell with coreutils, flock and, for health checks, curl. The orchestrator sends it with each
# script; a copy lies in the run's folder on the host, for the dead-man timer. Values arrive in base64, in variables.
#
# /var/lib/scale-test/RUN/          0700
#   changes/NNN/                    one change, written completely before a byte of its target changes
#     kind target restart mode owner old new old.sum new.sum boot made    (old is missing where there was no file)
#     restart-due                   it is being undone, or has been, and what uses it has not been restarted since
#     put-back                      it has been undone, or was never made
#   deadline                        in seconds of this host's uptime; the dead-man timer restores after it
#   period                          in seconds: how far the deadline was off when it was set
#   watched                         the boot id of when the timer was started
#   made-wants                      the timer's unit is the first that multi-user.target wants
#   untold                          what the timer left as it is, for whoever restores next
#   disarmed closed log
set -eu
umask 077
top=/var/lib/scale-test
boot_id=/proc/sys/kernel/random/boot_id

plain() { printf %s "$1" | base64 -d; }
uptime_s() { cut -d. -f1 /proc/uptime; }
sum_of() {
  if [ -e "$1" ]; then sha256sum <"$1" | cut -d' ' -f1; else echo absent; fi
}

# look PATH: one line `file PATH MODE OWNER SUM CONTENT`, PATH and CONTENT in base64; SUM is `absent` where there is nothing.
look() {
  path=$(readlink -f -- "$1" || printf %s "$1")
  if [ -e "$path" ]; then
    printf 'file %s %s %s %s %s\n' "$(printf %s "$1" | base64 -w0)" "$(stat -c '%a %u:%g' -- "$path")" "$(sum_of "$path")" "$(base64 -w0 <"$path")"
  else
    printf 'file %s - - absent -\n' "$(printf %s "$1" | base64 -w0)"
  fi
}

# require FILE...: says what would keep the host from being changed, as lines `cannot WHY`.
require() {
  [ "$(id -u)" = 0 ] || echo "cannot the user is not root: set sudo: true"
  for tool in base64 sha256sum stat flock mktemp sync; do
    command -v $tool >/dev/null || echo "cannot $tool is not installed"
  done
  for path in "$top" "$@"; do
    case $path in /proc/sys/*) [ -e "$path" ] || { echo "cannot there is no $path"; continue; } ;; esac
    while [ ! -e "$path" ]; do path=$(dirname -- "$path"); done
    [ -w "$path" ] || echo "cannot $path cannot be written (a read-only file system?)"
    case $path in /proc/*) ;; *) [ -d "$path" ] || [ -w "$(dirname -- "$path")" ] || echo "cannot $(dirname -- "$path") cannot be written" ;; esac
  done
  for other in "$top"/*/; do
    [ ! -d "$other/changes" ] || [ -e "$other/closed" ] || echo "held $(basename "$other")"
  done
}

# put SOURCE TARGET MODE OWNER: the target has all of the old bytes or all of the new ones, whenever the host stops. Fails by its status alone:
# within a condition, `set -e` ends nothing.
put() {
  case $2 in /proc/sys/*) cat "$1" >"$2"; return ;; esac
  folder=$(dirname -- "$2")
  temp=$run/temp
  # A name with a dot, which kubelet (pkg/kubelet/config/file_linux.go), systemd and sysctl skip, where a rename cannot cross.
  [ "$(stat -c %d -- "$run")" = "$(stat -c %d -- "$folder")" ] || temp=$folder/.scale-test-temp
  trap 'rm -f -- "$temp"' EXIT
  cp -- "$1" "$temp" && chown "$4" "$temp" && chmod "$3" "$temp" && sync "$temp" && mv -fT -- "$temp" "$2" && sync "$folder" || return 1
  trap - EXIT
}

# change NUMBER TARGET RESTART EXPECTED NEW: journals on this host, then writes. NEW is base64, or `-` to remove the file.
change() {
  mkdir -p "$run/changes"
  exec 9>"$run/lock"
  flock 9
  expired && { echo "expired"; return 9; }
  target=$(readlink -f -- "$2" || printf %s "$2")
  now=$(sum_of "$target")
  [ "$now" = "$4" ] || { echo "moved"; return 9; }
  entry=$run/changes/$1
  draft=$run/draft
  rm -rf "$draft"
  mkdir -p "$run/changes" "$draft"
  printf %s "$target" >"$draft/target"
  printf %s "$3" >"$draft/restart"
  cat $boot_id >"$draft/boot"
  if [ "$now" = absent ]; then echo "644 0:0" >"$draft/attributes"; else
    stat -c '%a %u:%g' -- "$target" >"$draft/attributes"
    cat -- "$target" >"$draft/old"
  fi
  : >"$draft/made"
  folder=$(dirname -- "$target")
  while [ ! -d "$folder" ]; do
    printf '%s\n' "$folder" >>"$draft/made"
    folder=$(dirname -- "$folder")
  done
  if [ "$5" = - ]; then new=absent; else
    plain "$5" >"$draft/new"
    new=$(sum_of "$draft/new")
  fi
  echo "$now" >"$draft/old.sum"
  echo "$new" >"$draft/new.sum"
  sync "$draft"/* "$draft"
  mv -T "$draft" "$entry"
  sync "$run/changes" "$run" "$top"
  [ -z "${stop_after_intent:-}" ] || return 8
  if [ "$new" = absent ]; then
    rm -f -- "$target"
    sync "$(dirname -- "$target")"
  else
    read -r mode owner <"$entry/attributes"
    (umask 022 && mkdir -p -- "$(dirname -- "$target")")
    put "$entry/new" "$target" "$mode" "$owner"
  fi
  # The kernel may take another value than the one it was given, and shows it in its own form.
  case $target in /proc/sys/*) sum_of "$target" >"$entry/new.sum"; sync "$entry/new.sum" ;; esac
}

restart() {
  case $1 in
    '') ;;
    sysctl) ;;
    *) systemctl daemon-reload && systemctl restart "$1" ;;
  esac
}

# restore: undoes what this run changed and nobody has changed since; may be run any number of times. Prints `restored`, `drift`, `failed`
# or `rebooted` and the path, for each change that has not been undone before. The timer stays until it is through: it goes on where this ends.
restore() {
  has_changes || { unplant || :; echo "nothing"; return 0; }
  exec 9>"$run/lock"
  flock 9
  # Somebody else may have restored meanwhile.
  has_changes || { echo "nothing"; return 0; }
  undo
  # What the timer did when nobody listened.
  if [ -e "$run/untold" ]; then cat "$run/untold" && rm -f "$run/untold"; fi
  disarm
}

has_changes() { [ -d "$run/changes" ]; }

undo() {
  for entry in $(ls -r "$run/changes"); do
    entry=$run/changes/$entry
    target=$(cat "$entry/target")
    if [ -e "$entry/put-back" ]; then
      # Whoever put it back did not come to its restart.
      [ ! -e "$entry/restart-due" ] || echo "restored $target"
      continue
    fi
    now=$(sum_of "$target")
    old=$(cat "$entry/old.sum")
    outcome=restored
    if [ "$now" = "$old" ]; then
      [ -e "$entry/restart-due" ] || outcome=
    elif [ "$now" != "$(cat "$entry/new.sum")" ]; then
      outcome=drift
    else
      # Before a byte changes, and before anything is said: whoever listened may be gone.
      touch "$entry/restart-due"
      sync "$entry/restart-due"
      put_back || { rm -f "$entry/restart-due"; echo "failed $target"; continue; }
    fi
    touch "$entry/put-back"
    sync "$entry/put-back"
    [ -z "$outcome" ] || echo "$outcome $target"
    [ ! -s "$entry/made" ] || while read -r folder; do rmdir -- "$folder" 2>/dev/null || :; done <"$entry/made"
  done
  for entry in "$run"/changes/*/; do
    [ -e "$entry/restart-due" ] || continue
    unit=$(cat "$entry/restart")
    target=$(cat "$entry/target")
    if [ "$(cat "$entry/boot")" != "$(cat $boot_id)" ]; then
      # A kubelet takes a manifest at any time, and a file of sysctl.d is read when the host starts.
      if [ -n "$unit" ] || [ "${target#/proc/sys/}" != "$target" ]; then echo "rebooted $target"; fi
    elif ! grep -qx -- "${unit:--}" "$run/restarted" 2>/dev/null; then
      if restart "$unit" 9>&-; then echo "${unit:--}" >>"$run/restarted"; else echo "failed restart of $unit"; continue; fi
    fi
    rm -f "$entry/restart-due"
  done
  rm -f "$run/restarted"
  for entry in "$run"/changes/*/; do
    [ -d "$entry" ] || continue
    [ -e "$entry/put-back" ] && [ ! -e "$entry/restart-due" ] || return 0
  done
  touch "$run/closed"
  sync "$run/closed" "$run"
}

put_back() {
  # In a subshell, whose trap removes what was not finished.
  if [ "$old" = absent ]; then rm -f -- "$target" && sync "$(dirname -- "$target")"; else
    case $target in /proc/sys/*) [ "$(cat "$entry/boot")" = "$(cat $boot_id)" ] || return 0 ;; esac
    read -r mode owner <"$entry/attributes"
    (put "$entry/old" "$target" "$mode" "$owner")
  fi
}

# forget: removes the run's folder, once everything has been restored.
forget() {
  [ -e "$run/closed" ] || return 0
  rm -rf "$run"
  rmdir "$top" 2>/dev/null || :
}

# Whether the timer has restored this host, or nobody has started one.
expired() {
  [ -e "$run/disarmed" ] || [ ! -e "$run/watched" ] || [ "$(uptime_s)" -ge "$(cat "$run/deadline")" ]
}

# holds: says `yes` where this run has changed something that has not been restored.
holds() { [ ! -d "$run/changes" ] || [ -e "$run/closed" ] || echo "yes"; }

# arm SECONDS: from now on, this host restores by itself unless `renew` or `disarm` comes within that time.
arm() {
  mkdir -p "$run/changes"
  sync "$run/host.sh" "$run"
  rm -f "$run/disarmed"
  count_down "$1"
}

# renew SECONDS: the same again; says `expired` where it is too late.
renew() {
  expired && { echo "expired"; return 9; }
  count_down "$1"
}

count_down() {
  echo "$1" >"$run/period.$$"
  sync "$run/period.$$"
  mv -f "$run/period.$$" "$run/period"
  set_deadline
  # A reboot has ended the timer.
  [ "$(cat "$run/watched" 2>/dev/null)" != "$(cat $boot_id)" ] || return 0
  name=$(timer_name)
  if [ ! -d /run/systemd/system ]; then
    setsid sh "$run/host.sh" watch "$run" </dev/null >/dev/null 2>&1 9>&- &
  elif ! { plant && systemctl start --no-block "$name" 2>/dev/null; }; then
    unplant
    systemd-run --quiet --collect --unit="$name" sh "$run/host.sh" watch "$run"
  fi
  cat $boot_id >"$run/watched"
}

set_deadline() {
  echo $(($(uptime_s) + $(cat "$run/period"))) >"$run/deadline.$$"
  mv -f "$run/deadline.$$" "$run/deadline"
}

# disarm: there is no timer from now on.
disarm() {
  touch "$run/disarmed"
  unplant || :
  sync "$run" "$units" 2>/dev/null || :
}

units=/etc/systemd/system
timer_name() { echo "scale-test-$(basename "$run").service"; }

# plant: the timer starts again with this host. Fails where units cannot be kept. Without daemon-reload, which would also take up what
# somebody else has changed.
plant() {
  wants=$units/multi-user.target.wants
  {
    { [ -d "$wants" ] || { touch "$run/made-wants" && (umask 022 && mkdir "$wants"); }; } &&
      (umask 022 && timer_unit >"$units/$name.new") && sync "$units/$name.new" && mv -fT -- "$units/$name.new" "$units/$name" &&
      ln -sfn "../$name" "$wants/$name" && sync "$wants" "$units"
  } 2>/dev/null
}

timer_unit() {
  echo "[Unit]"
  echo "Description=Restores what scale-test changed on this host, unless it hears from it"
  echo "RequiresMountsFor=$run"
  echo "ConditionPathExists=$run/host.sh"
  echo "[Service]"
  echo "ExecStart=/bin/sh $run/host.sh watch $run"
}

unplant() {
  name=$(timer_name)
  rm -f -- "$units/$name" "$units/$name.new" "$units/multi-user.target.wants/$name"
  [ ! -e "$run/made-wants" ] || rmdir -- "$units/multi-user.target.wants" 2>/dev/null || :
  rm -f -- "$run/made-wants"
}

watch() {
  if [ "$(cat "$run/watched" 2>/dev/null)" != "$(cat $boot_id)" ] && [ -e "$run/period" ]; then
    set_deadline
    cat $boot_id >"$run/watched"
  fi
  while [ ! -e "$run/disarmed" ] && [ -e "$run/deadline" ]; do
    if [ "$(uptime_s)" -ge "$(cat "$run/deadline")" ]; then
      restore >>"$run/log" 2>&1 || :
      # What it leaves as it is, whoever restores next is told; what has failed is tried again then.
      if grep '^\(drift\|rebooted\)' "$run/log" >"$run/untold"; then sync "$run/untold"; else rm -f "$run/untold" && forget; fi
      return
    fi
    sleep 1
  done
}

# live NAME UNIT HEALTH: lines `process PID NICE IO ARGUMENTS VARIABLES` (the last two in base64, separated by NUL; VARIABLES are those that
# etcd takes for flags) of a component, `unit STATE`, and `health CODE`; UNIT and HEALTH may be empty.
live() {
  if [ -n "$2" ]; then
    echo "unit $(systemctl show -p ActiveState --value "$2")"
    processes=$(systemctl show -p MainPID --value "$2")
  else
    processes=
    for file in /proc/[0-9]*/exe; do
      case $(readlink "$file" 2>/dev/null || :) in */"$1" | "$1") processes="$processes $(echo "$file" | cut -d/ -f3)" ;; esac
    done
  fi
  for pid in $processes; do
    [ -r "/proc/$pid/cmdline" ] && [ "$pid" != 0 ] || continue
    nice=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d' ' -f17) || continue
    io=$(ionice -p "$pid" 2>/dev/null | tr ' ' _) || io=-
    variables=
    [ "$1" != etcd ] || variables=$(grep -z '^ETCD_' "/proc/$pid/environ" | base64 -w0)
    printf 'process %s %s %s %s %s\n' "$pid" "$nice" "${io:--}" "$(base64 -w0 <"/proc/$pid/cmdline")" "$variables"
  done
  [ -z "$3" ] || printf 'health %s\n' "$(curl -ks -o /dev/null -m 5 -w '%{http_code}' -- "$3" || :)"
}

if [ "${1:-}" = watch ]; then
  run=$2
  watch
fi
