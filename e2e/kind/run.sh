#!/usr/bin/env bash
# The tests in a real cluster: builds the images, brings them into the cluster, runs the specs of this folder.
#   KUBECONFIG set: in that cluster. E2E_IMAGE_LOADER is the command that brings images there, to which their names are
#                   appended; without it nothing is built, and the cluster pulls what k8s/components/images says.
#   else: in the kind cluster E2E_CLUSTER (evenly), by the rig E2E_RIG (../shared/rig beside the checkout), else by
#         kind and docker.
# Where none of these is there it says that the tests were skipped, and why; --why-not says only that. Exit code 75: the
# cluster did not come up, so nothing was tested. What it started it ends; a cluster that was there stays.
# E2E_RESTARTS (1) says how often all of an overlay is restarted at once.
# E2E_WORKERS (2) specs run side by side. Other arguments go to vitest. Istio's specs come after them, where the cluster has
# Istio or the rig can install it; E2E_ISTIO=no leaves that out. The Gateway API's conformance suite comes last, in a cluster
# of the rig; E2E_GATEWAY_API=no leaves that out.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
rig=${E2E_RIG:-$root/../shared/rig}
cluster=${E2E_CLUSTER:-evenly}
cache=${XDG_CACHE_HOME:-$HOME/.cache}
# The apps whose images the overlays use.
mapfile -t apps < <(sed -n 's|.*name: evenly/\([a-z0-9-]*\).*|\1|p' "$root/k8s/components/images/kustomization.yaml")

docker_answers() { docker version >/dev/null 2>&1; }
has() { command -v "$1" >/dev/null; }

# Prints where the tests can run, or nothing and the reason on standard error.
where() {
  if [ -n "${KUBECONFIG:-}" ]; then
    has kubectl || { echo 'kubectl is not installed' >&2; return; }
    [ -z "${E2E_IMAGE_LOADER:-}" ] || docker_answers ||
      { echo 'docker, which builds the images, does not answer' >&2; return; }
    echo cluster
  elif [ -e "$rig/kind-up.sh" ]; then
    echo rig
  elif has kind && has kubectl && docker_answers; then
    echo kind
  else
    echo 'there is no KUBECONFIG, no rig, and no kind with kubectl and a docker that answers' >&2
  fi
}
if [ "${1:-}" = --why-not ]; then
  where 2>&1 >/dev/null
  exit
fi

# Commands that undo what this script did; the last one is run first.
undo=()
begun=no
at_end() { undo+=("$(printf '%q ' "$@")"); }
end() {
  local code=$? index
  set +e
  for ((index = ${#undo[@]} - 1; index >= 0; index--)); do eval "${undo[index]}"; done
  if [ "$code" != 0 ] && [ "$begun" = no ]; then
    echo 'cluster tests: SKIPPED, the cluster did not come up'
    exit 75
  fi
  exit "$code"
}
trap end EXIT
trap 'begun=yes; exit 130' INT TERM

build_images_for() { # loader...
  begun=yes
  export IMAGE_PREFIX=evenly/ IMAGE_TAG=dev
  # Where docker has no buildx it has no BuildKit either, and says so instead of building.
  docker buildx version >/dev/null 2>&1 || export DOCKER_BUILDKIT=0
  (cd "$root" && npx nx run-many -t container -p "${apps[@]}")
  local images=("${apps[@]/#/evenly/}")
  "$@" "${images[@]/%/:dev}"
}

cluster_is_up() { has kind && kind get clusters -q 2>/dev/null | grep -qx "$cluster"; }
load_into_kind() { kind load docker-image "$@" --name "$cluster"; }
use_own_kubeconfig() { # never the person's, which kind would change
  KUBECONFIG=$(mktemp)
  export KUBECONFIG K8SRIG_KUBECONFIG=$KUBECONFIG
  at_end rm -f "$KUBECONFIG"
}

with_rig() {
  export PATH=${K8SRIG_CACHE:-$cache/k8srig}/bin:$PATH
  use_own_kubeconfig
  docker_answers || at_end bash "$rig/docker-down.sh"
  cluster_is_up || at_end bash "$rig/kind-down.sh" "$cluster"
  bash "$rig/kind-up.sh" "$cluster" --config "$PWD/cluster.yaml"
  kind get kubeconfig --name "$cluster" >"$KUBECONFIG"
  build_suite
  bash "$rig/app-base-image.sh"
  export NODE_IMAGE=rig/node:24
  build_images_for load_into_kind
}

with_kind() {
  use_own_kubeconfig
  if ! cluster_is_up; then
    at_end kind delete cluster --name "$cluster"
    kind create cluster --name "$cluster" --config cluster.yaml --wait 120s
  fi
  kind get kubeconfig --name "$cluster" >"$KUBECONFIG"
  build_images_for load_into_kind
}

run_specs() { npx vitest run --config "$PWD/vitest.config.ts" --reporter=verbose "$@"; }

# The conformance suite takes minutes to build the first time: that goes on beside all else, with what that leaves of the
# machine.
suite_log=$cache/evenly-conformance-build.log
build_suite() {
  [ "${E2E_GATEWAY_API:-}" != no ] && has go && [ -e "$rig/gateway-api/build.sh" ] || return 0
  mkdir -p "$(dirname "$suite_log")"
  nice -n 19 bash "$rig/gateway-api/build.sh" >"$suite_log" 2>&1 &
  suite_pid=$!
  at_end stop_suite_build
}
stop_suite_build() { kill "$suite_pid" 2>/dev/null; }
test_gateway_api() {
  if [ -z "${suite_pid:-}" ]; then
    echo 'conformance of the Gateway API: SKIPPED, it needs a kind cluster of the rig and Go, and not E2E_GATEWAY_API=no'
    return
  fi
  if ! timeout 600 tail -s 0.5 --pid="$suite_pid" -f /dev/null; then
    echo 'conformance of the Gateway API: SKIPPED, its suite was not built 10 minutes after all other tests'
    return
  fi
  wait "$suite_pid" || { tail -n 40 "$suite_log"; return 1; }
  local report
  report=$(mktemp -d)
  at_end rm -rf "$report"
  bash ../gateway-api/run.sh --cluster "$cluster" --report "$report/gateway-api.yaml"
}

has_istio() { kubectl get deployment istiod --namespace istio-system >/dev/null 2>&1; }
test_istio() {
  [ "${E2E_ISTIO:-}" != no ] || { echo 'Istio tests: SKIPPED, E2E_ISTIO=no' && return; }
  if ! has_istio && [ "$place" = rig ] && [ -e "$rig/istio/up.sh" ]; then bash "$rig/istio/up.sh" "$cluster"; fi
  if ! has_istio; then
    echo 'Istio tests: SKIPPED, the cluster has no Istio'
    return
  fi
  run_specs --project istio "$@"
}

place=$(where) || true
case $place in
  rig) with_rig ;;
  kind) with_kind ;;
  cluster)
    # shellcheck disable=SC2086 # a command with its arguments
    [ -z "${E2E_IMAGE_LOADER:-}" ] || build_images_for $E2E_IMAGE_LOADER
    begun=yes
    ;;
  *)
    echo 'cluster tests: SKIPPED'
    begun=yes
    exit 0
    ;;
esac
# Helm is a Go module; without Go its spec says that it was skipped.
has helm || ! has go || { HELM=$(bash ../helm/helm.sh) && export HELM; }
(cd "$root" && npx nx build doctor) # its spec runs it, as built
code=0
run_specs --project 'side by side' --project alone "$@" || code=$?
test_istio "$@" || code=$?
# Who names specs wants those alone.
[ $# -gt 0 ] || test_gateway_api || code=$?
exit "$code"
