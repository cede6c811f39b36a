#!/usr/bin/env bash
# Sets what stands in an environment file as secrets of an app on Fly, where every machine gets them as variables.
#
#   deploy/set-secrets.sh [--dry-run] [--app NAME] [--env FILE]
#
# --dry-run prints the command and what it would be given, with every value masked, and sets nothing. No value
# is ever printed, nor is any part of a command line, which others on this machine could read. The app is that of
# fly.toml, the file deploy/.env or ENV_FILE. A line is NAME=VALUE, a comment, or empty.
set -euo pipefail

dry_run=no file=${ENV_FILE:-$(dirname "$0")/.env}
fly=(fly secrets import --stage)
while [ $# -gt 0 ]; do
    case "$1" in
    --dry-run) dry_run=yes ;;
    --app) fly+=(--app "${2:?--app needs a name}") && shift ;;
    --env) file=${2:?--env needs a file} && shift ;;
    *)
        sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
    esac
    shift
done
[ -r "$file" ] || { echo "There is no file $file to read secrets from; deploy/make-env.sh writes one." >&2; exit 1; }

# On Fly the address is the app's, and the database comes with its own password.
unneeded=" POSTGRES_PASSWORD "
names=() values=() number=0
while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1))
    case "$line" in '' | '#'*) continue ;; esac
    name=${line%%=*} value=${line#*=}
    if [ "$name" = "$line" ] || [[ ! $name =~ ^[A-Z][A-Z0-9_]*$ ]]; then
        echo "$file, line $number, is not of the form NAME=VALUE." >&2
        exit 1
    fi
    case "$value" in
    \"*\") value=${value#\"} && value=${value%\"} ;;
    \'*\') value=${value#\'} && value=${value%\'} ;;
    esac
    if [[ $value == *\"* || $value == *$'\r'* ]]; then
        echo "$file, line $number: the value of $name has a quotation mark or a carriage return in it." >&2
        exit 1
    fi
    [ -n "$value" ] || continue
    [[ $unneeded == *" $name "* ]] && continue
    names+=("$name") values+=("$value")
done <"$file"
[ ${#names[@]} -gt 0 ] || { echo "$file sets nothing." >&2; exit 1; }

if [ "$dry_run" = yes ]; then
    echo "${fly[*]} <<END"
    printf '%s="""********"""\n' "${names[@]}"
    echo END
    exit
fi
# Three quotation marks keep Fly from reading comments and quotes into a value. printf is built in: no process sees it.
for index in "${!names[@]}"; do
    printf '%s="""%s"""\n' "${names[$index]}" "${values[$index]}"
done | "${fly[@]}"
echo "${#names[@]} secrets are set: ${names[*]}. The next deployment uses them."
