#!/usr/bin/env bash
# Prints the path of kubeconform, and builds it where it is missing: it is a Go module like another.
set -euo pipefail
version=v0.8.0
bin=${XDG_CACHE_HOME:-$HOME/.cache}/evenly/kubeconform-$version
[ -x "$bin/kubeconform" ] || GOBIN=$bin go install "github.com/yannh/kubeconform/cmd/kubeconform@$version" >&2
echo "$bin/kubeconform"
