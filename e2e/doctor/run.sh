#!/usr/bin/env bash
# The doctor, as built, against what an API server would have of each overlay. Needs kubectl, for kustomize, and no cluster.
set -euo pipefail
cd "$(dirname "$0")"
rig=${K8SRIG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/k8srig}/bin
command -v kubectl >/dev/null || export PATH=$rig:$PATH
command -v kubectl >/dev/null || { echo 'doctor tests: SKIPPED, kubectl is not installed'; exit 0; }
npx vitest run --config "$PWD/vitest.config.ts" "$@"
