#!/usr/bin/env bash
# Writes deploy/.env for a site of your own: its address, and secrets that nobody else knows.
#
#   deploy/make-env.sh https://gaze.example.org
#
# ENV_FILE names another file. One that exists is left alone. deploy/SETTINGS.md lists what else can stand in it.
set -euo pipefail

address=${1:-}
case "$address" in
https://?* | http://?*) ;;
*)
    sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
file=${ENV_FILE:-$(dirname "$0")/.env}
if [ -e "$file" ]; then
    echo "$file exists already; it is left as it is." >&2
    exit 1
fi

secret() { head -c 48 /dev/urandom | base64 | tr -d '+/=\n'; }

umask 077
cat >"$file" <<END
SITE_URL=${address%/}
SECRET_KEY=$(secret)
POSTGRES_PASSWORD=$(secret)
METRICS_TOKEN=$(secret)
END
echo "$file is written. Keep it: without SECRET_KEY everybody is signed out, and rented machines cannot be spoken to."
