#!/usr/bin/env bash
# Builds the Pulumi engine and its plugins from Go modules and puts them, with the language host,
# into a folder. What is there and right already is left alone. Cold: 5-6 minutes on two cores.
#   toolchain/build.sh DESTDIR
#   toolchain/build.sh "$HOME/.cache/holdfast/toolchain/$(toolchain/version.sh)"
set -euo pipefail

if [ $# -ne 1 ]; then
    echo "usage: toolchain/build.sh DESTDIR" >&2
    exit 2
fi
cd "$(dirname "${BASH_SOURCE[0]}")"
mkdir -p "$1"
destination=$(cd "$1" && pwd)
key=$(./version.sh)

engine=github.com/pulumi/pulumi/pkg/v3/cmd/pulumi
engine_version=$(sed -n 's|^\tgithub.com/pulumi/pulumi/pkg/v3 v\([^ ]*\).*|\1|p' go.mod)
stamp=github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$engine_version

step() { # step NAME COMMAND... : one line per step, with its duration
    local name=$1 start=$SECONDS
    shift
    printf 'toolchain: %-24s' "$name"
    if "$@" >"$work/log" 2>&1; then
        printf '%4d s\n' $((SECONDS - start))
    else
        printf ' failed\n'
        cat "$work/log" >&2
        echo "toolchain/build.sh: building $name failed, see above" >&2
        exit 1
    fi
}

compile() { # compile NAME PACKAGE, called in a condition, where `set -e` does not count: hence the &&
    env CGO_ENABLED=0 GOFLAGS='' GOWORK=off "$go" build -mod=readonly -trimpath -buildvcs=false -tags no_compose \
        -ldflags "-s -w -X $stamp" -o "$work/$1" "$2" &&
        install_file "$work/$1" "$1"
}

install_file() { # atomically: a half-written executable must never be on PATH
    install -m 0755 "$1" "$destination/.$2.$$" &&
        mv -f "$destination/.$2.$$" "$destination/$2"
}

# A file named after the executable holds the key it was built from.
mkdir -p "$destination/.built"
current() { [ -x "$destination/$1" ] && [ "$(cat "$destination/.built/$1" 2>/dev/null)" = "$key" ]; }

work=$(mktemp -d)
trap 'rm -rf "$work" "$destination"/.*.$$' EXIT

missing=()
for name in pulumi-language-nodejs pulumi-resource-command pulumi-resource-random pulumi-resource-docker pulumi; do
    current "$name" || missing+=("$name")
done
if [ ${#missing[@]} -eq 0 ]; then
    echo "toolchain: $key is complete in $destination"
    exit 0
fi

if [ "${missing[*]}" != pulumi-language-nodejs ]; then
    go=$(./go.sh)
    # Exactly the modules these need: `go mod download` would fetch those of their tests as well.
    step "modules" env GOFLAGS='' GOWORK=off "$go" list -mod=readonly -deps -tags no_compose ./... "$engine"
fi
for name in "${missing[@]}"; do
    case $name in
    pulumi-language-nodejs) step "$name" install_file language/$name $name ;;
    pulumi) step "$name $engine_version" compile pulumi "$engine" ;;
    *) step "$name" compile "$name" "./cmd/$name" ;;
    esac
    echo "$key" >"$destination/.built/$name"
done
echo "toolchain: $key is ready in $destination ($SECONDS s)"
