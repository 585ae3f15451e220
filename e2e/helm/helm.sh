#!/usr/bin/env bash
# Prints the path of Helm, and builds it where it is missing: it is a Go module like another.
set -euo pipefail
version=v3.18.6
bin=${XDG_CACHE_HOME:-$HOME/.cache}/evenly/helm-$version
[ -x "$bin/helm" ] || GOBIN=$bin go install "helm.sh/helm/v3/cmd/helm@$version" >&2
echo "$bin/helm"
