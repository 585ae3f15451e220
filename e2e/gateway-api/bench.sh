#!/usr/bin/env bash
# How soon calls obey a changed route, and what 500 routes cost, beside Istio in the same cluster:
#   bench.sh [--cluster NAME] [--rounds N] [--out FILE]
# By the rig E2E_RIG (../shared/rig beside the checkout), which has a Kubernetes, an Istio and the measure itself
# (gateway-api/bench.sh there); without it nothing is measured, which is said. Rounds alternate between both; in each, a
# Gateway of the class takes calls while weights of a GRPCRoute change 20 times, then 500 GRPCRoutes over 100 Services
# come, then weights change again. Each side has one control plane and one proxy. Ends with a table of medians and ratios;
# FILE gets what was measured, a JSON line each. --cluster: as for run.sh. Options of the rig's: N (changes), ROUTES, SERVICES.
set -euo pipefail
. "$(dirname "$0")/cluster.sh"
name='' rounds=3 out=$(mktemp)
while [ $# -gt 0 ]; do
  case $1 in
    --cluster) name=$2; shift 2 ;;
    --rounds) rounds=$2; shift 2 ;;
    --out) out=$2; shift 2 ;;
    *) sed -n 2,8p "$0" >&2; exit 2 ;;
  esac
done
if [ ! -e "$rig/gateway-api/bench.sh" ]; then
  echo "routes beside Istio: SKIPPED, there is no rig at $rig"
  exit 0
fi

use_cluster "$name"
# First Istio, which brings older definitions of the API.
bash "$rig/istio/up.sh" "$cluster"
install_evenly
kubectl -n evenly-gateway scale deployment/xds-server --replicas=1
kubectl -n evenly-gateway rollout status deployment/xds-server --timeout=180s

# measure CLASS CONTROL_PLANE: a line for each part, with the class and the load of the machine. The rig's measure breaks off
# when a process of the machine ends while it looks at all of them: then it is made again.
measure() {
  local part; part=$(mktemp)
  for _ in 1 2 3 4 5; do
    kubectl wait --for=delete namespace/gwapi-bench --timeout=180s 2>/dev/null || true
    if bash "$rig/gateway-api/bench.sh" --cluster "$cluster" --gateway-class "$1" --control-plane "$2" >"$part"; then
      jq -c --arg class "$1" --arg load "$(cut -d' ' -f1 /proc/loadavg)" \
        '{class: $class, load: ($load | tonumber)} + .' "$part" | tee -a "$out"
      return
    fi
    echo "the measure of $1 broke off; it is made again" >&2
  done
  return 1
}
for round in $(seq "$rounds"); do
  echo "round $round of $rounds" >&2
  measure evenly evenly-gateway/app.kubernetes.io/name=xds-server
  measure istio istio-system/app=istiod
done
node "$root/e2e/gateway-api/bench-table.mjs" "$out"
