# Stands in for a kubelet: every manifest of the folder runs, whatever it is called, unless a dot is in front. A pod starts $1 seconds after the
# one before it has ended. See machine.ts.
PATH=/opt/components:$PATH
folder=/etc/kubernetes/manifests
state=/run/static-pods
mkdir -p $state
while :; do
  for file in $folder/[!.]*; do
    [ -f "$file" ] || continue
    name=${file##*/}
    sum=$(sha256sum <"$file")
    pid=$(cat "$state/$name.pid" 2>/dev/null)
    if [ "$sum" = "$(cat "$state/$name.sum" 2>/dev/null)" ] && kill -0 "$pid" 2>/dev/null; then continue; fi
    [ -z "$pid" ] || { kill "$pid" 2>/dev/null; while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done; }
    sleep "${1:-0}"
    command=$(sed -n 's/^    - \([^#]*\).*/\1/p' "$file" | tr '\n' ' ')
    $command >>"/var/log/$name.log" 2>&1 &
    echo $! >"$state/$name.pid"
    echo "$sum" >"$state/$name.sum"
    echo "$name" >>$state/started
  done
  sleep 0.3
  wait_for_none=$(jobs)
done
