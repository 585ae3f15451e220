#!/usr/bin/env bash
# What is there for whoever runs Evenly: metrics, logs, alerts, the dashboard. Needs what npm run build has built, no cluster.
set -euo pipefail
cd "$(dirname "$0")"
if command -v go >/dev/null; then
  PROMTOOL=$(bash promtool.sh)
  export PROMTOOL
else
  echo 'promtool: SKIPPED, go is not installed'
fi
npx vitest run --config "$PWD/vitest.config.ts" "$@"
