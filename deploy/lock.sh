#!/usr/bin/env bash
# Writes the versions that are installed anew: constraints.txt (development and tests), deploy/constraints-site.txt and
# deploy/constraints-worker.txt (the images). A version stays as it is unless pyproject.toml asks for another;
# UPGRADE=1 takes the newest ones. Nothing is installed here.
set -euo pipefail
cd "$(dirname "$0")/.."

python=.venv/bin/python
upgrade=()
if [ -n "${UPGRADE:-}" ]; then upgrade=(--upgrade); fi

lock() { # FILE WHAT EXTRAS OPTION…
    local file=$1 what=$2 extras=$3 wanted resolved
    shift 3
    wanted=$(mktemp) resolved=$(mktemp)
    # shellcheck disable=SC2086  # each extra is a word of its own
    "$python" deploy/dependencies.py $extras >"$wanted"
    if [ -f "$file" ]; then cp "$file" "$resolved"; fi
    "$python" -m uv pip compile "$wanted" --output-file "$resolved" --quiet --no-header --no-annotate \
        --no-emit-index-url --no-emit-find-links "${upgrade[@]}" "$@"
    { echo "# $what. \`make lock\` writes it."; grep -v '^#' "$resolved"; } >"$file"
    rm -f "$wanted" "$resolved"
}

lock constraints.txt "Versions for development and tests: the extra check" "check" \
    --universal --python-version 3.11
# An image has the versions that the tests have.
image=(--python-platform x86_64-manylinux_2_28 --constraint constraints.txt)
lock deploy/constraints-site.txt "Versions of the site's image: the extras production and sentry" "production sentry" \
    "${image[@]}" --python-version 3.11
# Ubuntu's own Python; the line of torch in constraints.txt is for the one that `make check` runs it in.
torch=$(mktemp)
grep '^torch==' constraints.txt | cut -d ' ' -f 1 >"$torch"
lock deploy/constraints-worker.txt "Versions of the GPU worker's image: the extras gpu and serverless" "gpu serverless" \
    "${image[@]}" --python-version 3.12 --constraint "$torch"
rm -f "$torch"
