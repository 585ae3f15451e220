#!/usr/bin/env bash
# The chart against the overlays: what `helm template` and `kubectl kustomize` say. Needs no cluster.
set -euo pipefail
cd "$(dirname "$0")"
rig=${K8SRIG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/k8srig}/bin
command -v kubectl >/dev/null || export PATH=$rig:$PATH
for tool in kubectl go; do
  command -v "$tool" >/dev/null || { echo "chart tests: SKIPPED, $tool is not installed"; exit 0; }
done
HELM=$(bash helm.sh)
export HELM
npx vitest run --config "$PWD/vitest.config.ts" "$@"
