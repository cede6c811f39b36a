#!/usr/bin/env bash
# Installs the GPU worker's environment in two steps, as the image does and as the tests do in an empty folder:
#
#   deploy/install-worker.sh dependencies ENVIRONMENT   what pyproject.toml asks for; changes seldom
#   deploy/install-worker.sh worker ENVIRONMENT         the code beside this folder, and a proof that it starts
#
# EXTRAS chooses what the worker can do: "gpu serverless" (the default), or "worker" for one without a GPU.
# PYTHON names another interpreter.
set -euo pipefail

step=${1:-} environment=${2:-}
if [ -z "$environment" ]; then
    sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
source=$(cd "$(dirname "$0")/.." && pwd)
pip=("$environment/bin/python" -m pip --disable-pip-version-check install --quiet --no-cache-dir)
read -ra extras <<<"${EXTRAS:-gpu serverless}"

case "$step" in
dependencies)
    "${PYTHON:-python3}" -m venv "$environment"
    wanted=$(mktemp)
    trap 'rm -f "$wanted"' EXIT
    "$environment/bin/python" "$source/deploy/dependencies.py" "${extras[@]}" >"$wanted"
    "${pip[@]}" --constraint "$source/deploy/constraints-worker.txt" --requirement "$wanted"
    ;;
worker)
    "${pip[@]}" --no-deps --editable "$source"
    "$environment/bin/python" -m pip check
    "$environment/bin/python" -m compileall -q "$source/gpuworker"
    "$environment/bin/python" -m gpuworker serve --help >/dev/null
    ;;
*)
    echo "$0: there is no step $step; the steps are: dependencies, worker." >&2
    exit 2
    ;;
esac
