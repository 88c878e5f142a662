#!/usr/bin/env bash
# Runs every test: Go with the race detector, TypeScript, and browsers against
# the real binary. Ends on "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/.."
mkdir -p build
passed=0 failed=0

stage() { echo; echo "== $1"; }
broken() { echo "FAILED: $1"; failed=$((failed + 1)); }
# count FILE adds a line "N passed, N failed" of a stage.
count() {
	local p f
	p=$(grep -Eo '^[0-9]+ passed, [0-9]+ failed$' "$1" | tail -n 1 | grep -Eo '^[0-9]+')
	f=$(grep -Eo '^[0-9]+ passed, [0-9]+ failed$' "$1" | tail -n 1 | grep -Eo '[0-9]+ failed' | grep -Eo '[0-9]+')
	passed=$((passed + ${p:-0})) failed=$((failed + ${f:-0}))
}

stage "what the tests need"
scripts/deps.sh || { broken deps; echo "$passed passed, $failed failed"; exit 1; }

stage "web: types, lint, texts"
(cd web && npm run check) || broken "web check"
stage "web: build and budgets"
touch web/node_modules/.stamp
make --no-print-directory build || broken build
stage "web: unit tests"
(cd web && npm test -- --reporter=json --outputFile=../build/vitest.json >../build/vitest.log 2>&1) || { cat build/vitest.log; }
node scripts/count.mjs vitest build/vitest.json | tee build/vitest.count; count build/vitest.count

stage "go: format and vet"
[ -z "$(gofmt -l cmd internal web/*.go)" ] || { gofmt -l cmd internal web/*.go; broken gofmt; }
go vet ./... || broken vet
stage "go: tests with the race detector"
# Without the checks of pointer conversions, which the race detector brings along.
# The engine of SQLite, C by origin, has locks of its own and is not watched: that
# takes more than half of the time of what uses it.
go test -race -gcflags=all=-d=checkptr=0 "-gcflags=modernc.org/sqlite/lib=-d=checkptr=0 -race=false" -timeout 8m -json ./... >build/go.json 2>build/go.err
node scripts/count.mjs go build/go.json | tee build/go.count; count build/go.count
[ -s build/go.err ] && cat build/go.err

stage "browsers against the real binary"
scripts/e2e.sh >build/e2e.log 2>&1
code=$?
cat build/e2e.log; count build/e2e.log
[ $code -eq 0 ] || grep -Eq '[1-9][0-9]* failed$' build/e2e.log || broken e2e

echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
