#!/usr/bin/env bash
# A service of two kind clusters, one of which goes away under calls: makes both by the rig E2E_RIG (../shared/rig beside
# the checkout), with images of this checkout, runs the spec of this folder, and takes the clusters away again. Arguments go
# to vitest. Without the rig nothing is tested, which is said.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
rig=${E2E_RIG:-$root/../shared/rig}
if [ ! -e "$rig/kind-up.sh" ]; then
  echo "two clusters: SKIPPED, there is no rig at $rig"
  exit 0
fi
export PATH=${K8SRIG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/k8srig}/bin:$PATH
folder=$(mktemp -d)
end() {
  for name in eu us; do bash "$rig/kind-down.sh" "$name" || true; done
  rm -rf "$folder"
}
trap end EXIT
address_of() { docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$1-control-plane"; }
# route FROM TO RANGE: nodes of kind are hosts of one network, each with its pods behind it.
route() { docker exec "$1-control-plane" ip route replace "$3" via "$(address_of "$2")"; }

for name in eu us; do
  K8SRIG_KUBECONFIG=$folder/$name bash "$rig/kind-up.sh" "$name" --config "$PWD/$name/cluster.yaml"
  kind get kubeconfig --name "$name" >"$folder/$name"
done
route eu us 10.241.0.0/16
route us eu 10.240.0.0/16
bash "$rig/app-base-image.sh"
export NODE_IMAGE=rig/node:24 IMAGE_PREFIX=evenly/ IMAGE_TAG=dev
docker buildx version >/dev/null 2>&1 || export DOCKER_BUILDKIT=0
(cd "$root" && npx nx run-many -t container -p echo-backend,frontend,xds-server)
kind load docker-image evenly/{echo-backend,frontend,xds-server}:dev --name eu
kind load docker-image evenly/echo-backend:dev --name us
KUBECONFIG=$folder/eu US_KUBECONFIG=$folder/us US_API_SERVER=https://$(address_of us):6443 US_NODE=us-control-plane \
  npx vitest run --config "$PWD/vitest.config.ts" "$@"
