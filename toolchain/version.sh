#!/usr/bin/env bash
# Prints the key of the toolchain: the same sources and platform give the same key, so the
# executables can be cached in
# $XDG_CACHE_HOME/holdfast/toolchain/<key>/. The Go release that compiles them does not count.
#   toolchain/version.sh
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
{
    uname -sm
    find . -type f \( -name '*.go' -o -name go.mod -o -name go.sum -o -name build.sh -o -path './language/*' \) \
        ! -name '*_test.go' ! -path './internal/*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
} | sha256sum | cut -c 1-12
