#!/usr/bin/env bash
# The official conformance suite of the Gateway API against l7-proxy and the xds-server, in a real cluster:
#   run.sh [--cluster NAME] [--report FILE] [ARGS of the rig's gateway-api/run.sh: --features, --run, --skip, -- FLAGS]
# Without ARGS all tests of the profile GATEWAY-GRPC are run, extended ones too.
# By the rig E2E_RIG (../shared/rig beside the checkout), which has a Kubernetes and the suite; without it nothing is
# tested, which is said. --cluster: a kind cluster of the rig that is there, and has the images evenly/*:dev already;
# without it one is made, with images of this checkout, and taken away at the end. The report goes to
# docs/conformance/gateway-api.yaml unless --report says another file. Ends with 'N passed, N failed, N skipped'.
set -euo pipefail
. "$(dirname "$0")/cluster.sh"
name='' report=$root/docs/conformance/gateway-api.yaml arguments=()
while [ $# -gt 0 ]; do
  case $1 in
    --cluster) name=$2; shift 2 ;;
    --report) report=$2; shift 2 ;;
    *) arguments+=("$1"); shift ;;
  esac
done
# Addresses of the rig's load balancer: one that a Gateway can ask for, and one that nobody has.
[ "${#arguments[@]}" -gt 0 ] ||
  arguments=(--features all -- -usable-address=10.98.0.200 -unusable-address=192.0.2.77)
if [ ! -e "$rig/gateway-api/run.sh" ]; then
  echo "conformance of the Gateway API: SKIPPED, there is no rig at $rig"
  exit 0
fi
use_cluster "$name"
# The suite makes up to 12 Gateways at a time: with one proxy each, a machine of two cores does them in time.
install_evenly

mkdir -p "$(dirname "$report")"
GWAPI_ORG=evenly GWAPI_PROJECT=evenly GWAPI_URL=https://example.com GWAPI_CONTACT=none \
  GWAPI_VERSION=$(node -p "require('$root/apps/xds-server/package.json').version") \
  bash "$rig/gateway-api/run.sh" --cluster "$cluster" --gateway-class evenly --profiles GATEWAY-GRPC \
  --report "$report" "${arguments[@]}"
