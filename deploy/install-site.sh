#!/usr/bin/env bash
# Installs the site's environment in two steps, as the image does and as the tests do in an empty folder:
#
#   deploy/install-site.sh dependencies ENVIRONMENT   what pyproject.toml asks for; changes seldom
#   deploy/install-site.sh site ENVIRONMENT           the code beside this folder, and a proof that it starts
#
# PYTHON names another interpreter.
set -euo pipefail

step=${1:-} environment=${2:-}
if [ -z "$environment" ]; then
    sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
source=$(cd "$(dirname "$0")/.." && pwd)
pip=("$environment/bin/python" -m pip --disable-pip-version-check install --quiet --no-cache-dir)

case "$step" in
dependencies)
    "${PYTHON:-python3}" -m venv "$environment"
    wanted=$(mktemp)
    trap 'rm -f "$wanted"' EXIT
    "$environment/bin/python" "$source/deploy/dependencies.py" production sentry >"$wanted"
    "${pip[@]}" --constraint "$source/deploy/constraints-site.txt" --requirement "$wanted"
    ;;
site)
    "${pip[@]}" --no-deps --editable "$source"
    "$environment/bin/python" -m pip check
    "$environment/bin/python" -m compileall -q "$source/gazesite" "$source/portraits" "$source/gpuworker"
    data=$(mktemp -d)
    trap 'rm -rf "$data"' EXIT
    (cd "$source" && GAZE_DATA=$data SITE_URL=https://gaze.example "$environment/bin/python" manage.py check)
    ;;
*)
    echo "$0: there is no step $step; the steps are: dependencies, site." >&2
    exit 2
    ;;
esac
