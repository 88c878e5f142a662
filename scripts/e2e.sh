#!/usr/bin/env bash
# Drives browsers against the real binary on a temporary demo company.
set -euo pipefail
cd "$(dirname "$0")/.."
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT
export PARLOR_BIN="$PWD/bin/parlor" PARLOR_E2E_DATA="$data"
node web/e2e/run.mjs
