#!/usr/bin/env bash
# Resolve pyproject.toml into requirements.lock (what runs) and requirements-dev.lock (what tests and lints, on top).
#
# Both are hashed, hold for every platform and for Python 3.11 and later, and are complete: they are installed with
# `pip install --no-deps --require-hashes`. They name no index and no path, so a mirror serves them as well as PyPI.
# Locked versions are kept where they still fit; `deploy/lock.sh --upgrade` (or `--upgrade-package NAME`) moves them.
set -euo pipefail
cd "$(dirname "$0")/.."

UV_VERSION_WANTED=0.13.9
tool_dir=$(mktemp -d)
trap 'rm -rf "$tool_dir"' EXIT
"${PYTHON:-python3}" -m venv "$tool_dir"
"$tool_dir/bin/pip" install -qq --disable-pip-version-check "uv==$UV_VERSION_WANTED"

# Someone's own uv settings (an index, a cut-off date, links) must not shape a file that everyone installs from.
for name in "${!UV_@}"; do [[ $name == UV_VERSION_WANTED ]] || unset "$name"; done

# resolve FILE HEADING ARGUMENTS...: the file is swapped in only once complete.
resolve() {
  local file=$1 heading=$2
  shift 2
  if [[ -f $file ]]; then grep -v '^# ' "$file" > "$tool_dir/$file"; fi
  "$tool_dir/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-annotate --no-header --output-file "$tool_dir/$file" "$@" > /dev/null
  { echo "# $heading"; echo "# Written by deploy/lock.sh (make lock): edit pyproject.toml instead."; cat "$tool_dir/$file"; } > "$tool_dir/new"
  mv "$tool_dir/new" "$file"
  chmod 644 "$file"
}

resolve requirements.lock "What Steward needs to run, with MiniLM's weights, and setuptools to install itself." \
  pyproject.toml --extra embedder --group build "$@"
resolve requirements-dev.lock "What tests and linters need on top of requirements.lock, at the same versions." \
  --group dev --constraint requirements.lock "$@"
