#!/usr/bin/env bash
# Installs what the tests need and this machine lacks. Debian, as root.
set -euo pipefail
cd "$(dirname "$0")/.."

need=()
command -v gcc >/dev/null || need+=(gcc libc6-dev)
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need+=(postgresql)
command -v chromium >/dev/null || need+=(chromium)
fc-list 2>/dev/null | grep -qi 'noto.*cjk' || need+=(fonts-noto-cjk fontconfig)
if ((${#need[@]})); then
	echo "installing: ${need[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
fi

# npm packages: the web workspace with its test tools, and the original Socket.IO clients.
install() {
	[ "$1/node_modules/.full" -nt "$1/package-lock.json" ] && return
	(cd "$1" && npm ci --no-audit --no-fund && touch node_modules/.full)
}
install web
install internal/socketio/clienttest
install internal/front/rocketchat/guest/clienttest
