#!/usr/bin/env bash
# Brings a site to life, one command after the other; deploy/README.md tells what each does and costs.
#
#   deploy/live.sh [--dry-run] fly NAME       one machine on Fly: SQLite, and files on a volume
#   deploy/live.sh [--dry-run] growth NAME    Fly with machines for pages and for renders, PostgreSQL, Redis, a bucket
#   deploy/live.sh [--dry-run] host ADDRESS   a machine of your own, with Docker
#
# --dry-run prints the commands, secrets masked, and runs none of them.
set -euo pipefail

dry_run=no
if [ "${1:-}" = --dry-run ]; then
    dry_run=yes
    shift
fi
[ $# = 2 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
cd "$(dirname "$0")/.."
env=${ENV_FILE:-deploy/.env}

step() {
    if [ "$dry_run" = yes ]; then echo "$*"; else "$@"; fi
}

secrets() {
    if [ "$dry_run" = no ]; then
        deploy/set-secrets.sh --app "$1"
    elif [ -r "$env" ]; then
        deploy/set-secrets.sh --dry-run --app "$1"
    else
        echo "deploy/set-secrets.sh --app $1"
    fi
}

ask_for_redis() {
    read -rsp "Please paste the address (redis://…) that Fly has just printed: " address </dev/tty
    printf 'REDIS_URL=%s\n' "$address" >>"$env"
    echo
}

case "$1" in
fly)
    step fly apps create "$2"
    step fly volumes create gaze_data --size 10 --region sjc --app "$2" --yes
    [ ! -r "$env" ] || secrets "$2"
    step fly deploy --app "$2"
    ;;
growth)
    step fly apps create "$2"
    step fly mpg create --name "$2-db" --region iad
    step fly mpg attach --app "$2"
    step fly storage create --name "$2-files" --app "$2" --yes
    step fly redis create --name "$2-redis" --region iad --no-replicas --disable-eviction
    step deploy/make-env.sh "https://$2.fly.dev"
    [ "$dry_run" = yes ] || ask_for_redis
    secrets "$2"
    step fly deploy --app "$2" --config fly.growth.toml
    ;;
host)
    step deploy/make-env.sh "$2"
    step docker compose --file deploy/compose.yaml up --detach --build --wait
    step docker compose --file deploy/compose.yaml exec web python manage.py createsuperuser
    ;;
*)
    echo "$0: there is no profile $1; the profiles are: fly, growth, host." >&2
    exit 2
    ;;
esac
