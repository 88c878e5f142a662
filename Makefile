# Parlor. Two commands set up a fresh machine: make demo, make test.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
WEB_SRC := $(shell find web/apps web/packages web/scripts -type f -not -path '*/node_modules/*' 2>/dev/null)
LISTEN ?= 127.0.0.1:8080

.PHONY: demo test build web lint bench deps clean

# demo builds everything, fills a demo company and starts the server.
demo: build
	./bin/parlor demo --listen $(LISTEN)

# test installs what is missing and runs every test; it ends on a line that counts them.
test:
	@scripts/test.sh

build: web
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/parlor ./cmd/parlor

web: web/dist/.stamp

# What the tests have installed (.full) is enough to build with.
web/node_modules/.stamp: web/package-lock.json
	cd web && { [ node_modules/.full -nt package-lock.json ] || npm ci --omit=dev --no-audit --no-fund; } && touch node_modules/.stamp

web/dist/.stamp: web/node_modules/.stamp $(WEB_SRC)
	cd web && npm run build && touch dist/.stamp

# deps installs what the tests need: a C compiler for the race detector,
# PostgreSQL, Chromium, fonts, and the npm packages of tests.
deps:
	@scripts/deps.sh

lint:
	@test -z "$$(gofmt -l cmd internal web/*.go)" || { echo "not formatted:"; gofmt -l cmd internal web/*.go; exit 1; }
	go vet ./...
	cd web && npm run check

# bench measures a fresh server through its protocols, then the Go micro-benchmarks.
bench: build
	@scripts/bench.sh

clean:
	rm -rf bin build web/dist/console web/dist/widget web/dist/demo web/dist/.stamp
