#!/usr/bin/env bash
# Compiles the collector from main.go and the modules that go.mod names.
#   GO=/path/of/go GOARCH=amd64 ./build.sh OUTPUT
set -euo pipefail

output=$(realpath -m "$1")
cd "$(dirname "${BASH_SOURCE[0]}")"
version=$(sed -n 's|^\tgo.opentelemetry.io/collector/otelcol v\([^ ]*\).*$|\1|p' go.mod)
GOOS=linux CGO_ENABLED=0 GOFLAGS='' GOWORK=off GOTOOLCHAIN=auto exec nice -n 10 "$GO" build -mod=readonly -trimpath -buildvcs=false \
    -ldflags "-s -w -X main.version=$version" -o "$output" .
