#!/usr/bin/env bash
# The tests in a real cluster: builds the images, brings them into the cluster, runs the specs of this folder.
#   KUBECONFIG set: in that cluster. E2E_IMAGE_LOADER is the command that brings images there, to which their names are
#                   appended; without it nothing is built, and the cluster pulls what k8s/components/images says.
#   else: in the kind cluster E2E_CLUSTER (evenly), by ../shared/rig beside the checkout, else by kind and docker.
# Where none of these is there it says that the tests were skipped, and why. What it started it ends; a cluster that
# was there stays. Arguments go to vitest.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
rig=$root/../shared/rig
cluster=${E2E_CLUSTER:-evenly}

skip() { # reason
  echo "cluster tests: SKIPPED, $1"
  exit 0
}

# Commands that undo what this script did; the last one is run first.
undo=()
at_end() { undo+=("$(printf '%q ' "$@")"); }
end() {
  local code=$? index
  set +e
  for ((index = ${#undo[@]} - 1; index >= 0; index--)); do eval "${undo[index]}"; done
  exit "$code"
}
trap end EXIT
trap 'exit 130' INT TERM

docker_answers() { docker version >/dev/null 2>&1; }

build_images_for() { # loader...
  export IMAGE_PREFIX=evenly/ IMAGE_TAG=dev
  # Where docker has no buildx it has no BuildKit either, and says so instead of building.
  docker buildx version >/dev/null 2>&1 || export DOCKER_BUILDKIT=0
  (cd "$root" && npx nx run-many -t container -p echo-backend frontend xds-server)
  "$@" evenly/{echo-backend,frontend,xds-server}:dev
}

cluster_is_up() { command -v kind >/dev/null && kind get clusters -q 2>/dev/null | grep -qx "$cluster"; }
load_into_kind() { kind load docker-image "$@" --name "$cluster"; }
use_own_kubeconfig() { # never the person's, which kind would change
  KUBECONFIG=$(mktemp)
  export KUBECONFIG
  at_end rm -f "$KUBECONFIG"
}

if [ -n "${KUBECONFIG:-}" ]; then
  command -v kubectl >/dev/null || skip 'kubectl is not installed'
  if [ -n "${E2E_IMAGE_LOADER:-}" ]; then
    docker_answers || skip 'docker, which builds the images, does not answer'
    # shellcheck disable=SC2086 # a command with its arguments
    build_images_for $E2E_IMAGE_LOADER
  fi
elif [ -e "$rig/kind-up.sh" ]; then
  export PATH=${K8SRIG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/k8srig}/bin:$PATH
  use_own_kubeconfig
  docker_answers || at_end bash "$rig/docker-down.sh"
  cluster_is_up || at_end bash "$rig/kind-down.sh" "$cluster"
  bash "$rig/kind-up.sh" "$cluster" --config "$PWD/cluster.yaml"
  kind get kubeconfig --name "$cluster" >"$KUBECONFIG"
  bash "$rig/app-base-image.sh"
  export NODE_IMAGE=rig/node:24
  build_images_for load_into_kind
elif command -v kind >/dev/null && command -v kubectl >/dev/null && docker_answers; then
  use_own_kubeconfig
  if ! cluster_is_up; then
    at_end kind delete cluster --name "$cluster"
    kind create cluster --name "$cluster" --config cluster.yaml --wait 120s
  fi
  kind get kubeconfig --name "$cluster" >"$KUBECONFIG"
  build_images_for load_into_kind
else
  skip 'there is no KUBECONFIG, no ../shared/rig, and no kind with kubectl and a docker that answers'
fi

npx vitest run --config vitest.config.ts "$@"
