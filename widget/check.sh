#!/bin/sh
# Checks that widget/dist equals a fresh build of its sources, then types, tests and download sizes.
set -eu
cd "$(dirname "$0")"

if ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || ! command -v npm >/dev/null 2>&1; then
    echo "!!! THE WIDGET WAS NOT CHECKED: this needs Node.js 20 or newer, which was not found. widget/dist may differ" >&2
    echo "!!! from its sources. Serving and testing need no Node.js; changing the widget does." >&2
    [ -z "${CI:-}" ] || exit 1
    exit 0
fi

# npm writes this copy of the lock file at the end of an installation: an older one than ours means an outdated installation.
if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    echo "Installing the widget's build tools …"
    npm ci --silent --no-audit --no-fund
fi

built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
node scripts/build.mjs "$built/dist"
if ! diff -rq "$built/dist" dist; then
    echo "widget/dist differs from a fresh build of its sources: run  make widget  and commit the result" >&2
    exit 1
fi
echo "widget/dist equals its sources"
npm run --silent types
NO_COLOR=1 npm run --silent test >"$built/tests" 2>&1 || { cat "$built/tests"; exit 1; }
grep -E '^ *Tests ' "$built/tests"
npm run --silent size
