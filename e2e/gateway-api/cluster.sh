# Shared by the scripts of this folder: source it, do not run it.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
rig=${E2E_RIG:-$root/../shared/rig}
cache=${K8SRIG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/k8srig}
export PATH=$cache/bin:$PATH

# use_cluster [NAME]: a kind cluster of the rig that is there, and has the images evenly/*:dev already. Without NAME one is
# made, with images of this checkout, and taken away at the end. Sets $cluster and KUBECONFIG.
use_cluster() {
  cluster=${1:-} made=
  KUBECONFIG=$(mktemp)
  export KUBECONFIG
  trap leave_cluster EXIT
  if [ -z "$cluster" ]; then
    cluster=gateway-api made=1
    bash "$rig/kind-up.sh" "$cluster"
    bash "$rig/app-base-image.sh"
    export NODE_IMAGE=rig/node:24 IMAGE_PREFIX=evenly/ IMAGE_TAG=dev
    docker buildx version >/dev/null 2>&1 || export DOCKER_BUILDKIT=0
    (cd "$root" && npx nx run-many -t container -p xds-server,l7-proxy)
    kind load docker-image evenly/xds-server:dev evenly/l7-proxy:dev --name "$cluster"
  fi
  kind get kubeconfig --name "$cluster" >"$KUBECONFIG"
}

leave_cluster() {
  rm -f "$KUBECONFIG"
  [ -z "$made" ] || bash "$rig/kind-down.sh" "$cluster"
}

# install_evenly: the definitions of the API, and the overlay whose GatewayClass is of them; a proxy for each Gateway.
install_evenly() {
  bash "$rig/gateway-api/load.sh" "$cluster"
  kubectl apply -k "$root/k8s/overlays/gateway-api"
  kubectl -n evenly-gateway set env deployment/xds-server EVENLY_GATEWAY_PROXY_REPLICAS=1
  kubectl -n evenly-gateway rollout status deployment/xds-server --timeout=180s
}
