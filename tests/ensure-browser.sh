#!/bin/sh
# Make sure that a Chromium is there for the browser tests: the system's, else installed by whoever may.
[ -z "${BILLCHAT_CHROMIUM:-}" ] || exit 0
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
echo "Installing Chromium for the browser tests …"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null && exit 0
    .venv/bin/playwright install --with-deps chromium && exit 0
fi
.venv/bin/playwright install chromium && exit 0
echo "!!! There is no Chromium here and none could be installed: THE BROWSER TESTS WILL BE SKIPPED." >&2
echo "!!! Install Chromium or Chrome, or name one in BILLCHAT_CHROMIUM." >&2
[ -z "${CI:-}" ]
