#!/usr/bin/env bash
# Drives browsers against the real binary on a temporary demo company.
set -euo pipefail
cd "$(dirname "$0")/.."
exec node scripts/e2e.mjs "$@"
