#!/bin/sh
# Build .venv: a Python of 3.11 or later, everything in requirements.lock by its hash, nothing else.
#
# Always starts from an empty .venv, so that what the lock dropped is gone as well. PYTHON=/path/to/python chooses
# the interpreter; otherwise the first of the known names that is new enough and can make environments.
set -eu
cd "$(dirname "$0")/.."

too_old=""
without_venv=""

# A name may be a shim that only prints an error, so each candidate is run before it is believed.
can_be_used() {
  command -v "$1" > /dev/null 2>&1 || return 1
  version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2> /dev/null) || return 1
  if ! "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    too_old="$too_old $1 ($version)"
    return 1
  fi
  if ! "$1" -c 'import ensurepip, venv' > /dev/null 2>&1; then
    without_venv="$without_venv $1"
    return 1
  fi
}

find_python() {
  for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3.14 python3 python}; do
    if can_be_used "$candidate"; then
      python=$candidate
      return 0
    fi
  done
  return 1
}

if ! find_python; then
  if [ -n "$without_venv" ]; then
    echo "Found$without_venv, but it cannot make environments: its venv or ensurepip module is missing." >&2
    echo "On Debian and Ubuntu: apt-get install python3-venv. Then run make again." >&2
  else
    echo "Steward needs Python 3.11 or later${too_old:+; found only$too_old}." >&2
    echo "Install one, or name it: make demo PYTHON=/path/to/python3.12" >&2
  fi
  exit 1
fi

echo "Building .venv with $("$python" --version) from requirements.lock (about a minute, 1 GB)."
"$python" -m venv --clear .venv
.venv/bin/python -m pip install -qq --disable-pip-version-check \
  --no-deps --require-hashes --only-binary :all: --requirement requirements.lock
