#!/bin/sh
# Prove that widget/dist is what its sources build, and that the widget's own checks pass: types, tests, sizes.
set -eu
cd "$(dirname "$0")"

if ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || ! command -v npm >/dev/null 2>&1; then
    echo "!!! THE WIDGET WAS NOT CHECKED: there is no Node.js 20 or newer here, so nobody knows whether widget/dist" >&2
    echo "!!! equals its sources. Serving and testing need no Node.js; changing the widget does." >&2
    [ -z "${CI:-}" ] || exit 1
    exit 0
fi

# npm writes its own copy of the lock file last, so that copy is as new as what it installed.
if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    echo "Installing what the widget is built with …"
    npm ci --silent --no-audit --no-fund
fi

built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
node scripts/build.mjs "$built/dist"
if ! diff -rq "$built/dist" dist; then
    echo "widget/dist is not what its sources build: run  make widget  and commit what it made" >&2
    exit 1
fi
echo "widget/dist equals its sources"
npm run --silent types
NO_COLOR=1 npm run --silent test >"$built/tests" 2>&1 || { cat "$built/tests"; exit 1; }
grep -E '^ *Tests ' "$built/tests"
npm run --silent size
