#!/usr/bin/env bash
# What a container of the site's image does: site (everything in one process tree), web (pages alone),
# work (renders alone), migrate, or any other command. MIGRATE_FIRST=yes migrates before serving: for one web alone.
set -euo pipefail

if [ "$(id -u)" = 0 ]; then
    # A fresh volume belongs to root. From here on nothing does.
    chown gaze:gaze "$GAZE_DATA"
    exec setpriv --reuid=gaze --regid=gaze --init-groups --inh-caps=-all --no-new-privs -- "$0" "$@"
fi

umask 077
if [ -z "${SITE_URL:-}" ]; then
    if [ -n "${FLY_APP_NAME:-}" ]; then
        SITE_URL="https://$FLY_APP_NAME.fly.dev"
    else
        SITE_URL="http://localhost:$PORT"
    fi
    export SITE_URL
fi

case "${1:-site}" in
site) exec python manage.py serve ;;
web)
    [ "${MIGRATE_FIRST:-no}" = no ] || python manage.py migrate --noinput
    exec python manage.py serve --web-only
    ;;
work) exec python manage.py work ;;
migrate) exec python manage.py migrate --noinput ;;
*) exec "$@" ;;
esac
