#!/bin/bash
# Health of this etcd member (M14), for Docker's HEALTHCHECK. Bash alone: it runs every second.
#
# healthy = a linearizable read succeeds and etcd is closed; or no peer answers and this one's own
# process does (so a first start, or one after a power loss, is not held up by members that do not
# exist yet). etcd's /health does its linearizable read before it looks at the user: none is needed.
set -u

# get HOST PORT PATH: the first line and body of an answer, within 1 s.
get() {
  timeout 1 bash -c '
    exec 3<>"/dev/tcp/$0/$1" || exit 1
    printf "GET %s HTTP/1.0\r\n\r\n" "$2" >&3
    cat <&3' "$1" "$2" "$3" 2>/dev/null
}

case "$(get 127.0.0.1 2381 /health)" in
  *'"health":"true"'*)
    if [ -e /run/holdfast/closed ]; then echo "reads are linearizable"; exit 0; fi
    echo "etcd is up, its users are not set up yet"
    exit 1
    ;;
esac

pids=""
IFS=,
for member in ${HOLDFAST_MEMBERS:?}; do
  [ "${member%%=*}" = "${HOLDFAST_MEMBER:?}" ] && continue
  (get "${member#*=}" 2380 /version | grep -q etcdserver) &
  pids="${pids:+$pids,}$!"
done
for pid in $pids; do
  if wait "$pid"; then
    echo "a peer answers, but there is no linearizable read here"
    exit 1
  fi
done

case "$(get 127.0.0.1 2381 '/health?serializable=true')" in
  *'"health":"true"'*) echo "no peer answers; this process does"; exit 0 ;;
esac
echo "etcd does not answer"
exit 1
