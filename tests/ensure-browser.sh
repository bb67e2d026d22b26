#!/bin/sh
# Make sure that a Chromium is there for the browser tests: the system's, else installed by whoever may.
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
[ -n "$BILLCHAT_CHROMIUM" ] && exit 0
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing Chromium for the browser tests …"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null && exit 0
fi
.venv/bin/playwright install chromium && exit 0
echo "No Chromium here and none could be installed: the browser tests will be skipped." >&2
[ -z "$CI" ]
