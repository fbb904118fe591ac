# Makes .venv from requirements/dev.lock: with uv where it is present, otherwise venv and pip.
set -eu
python=${PYTHON:-python3}
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "Einlass needs Python 3.11 or newer; $python is not. Try: make PYTHON=python3.11 ..." >&2
  exit 1
fi
if command -v uv >/dev/null 2>&1; then
  [ -d .venv ] || uv venv -q --python "$python" .venv
  VIRTUAL_ENV=$PWD/.venv uv pip sync -q --require-hashes requirements/dev.lock
  VIRTUAL_ENV=$PWD/.venv uv pip install -q --no-deps --no-build-isolation -e .
  exit 0
fi
if [ ! -x .venv/bin/pip ]; then
  "$python" -m venv .venv || {
    echo "The venv module is missing. On Debian and Ubuntu: apt install python3-venv" >&2
    exit 1
  }
fi
echo "Installing packages into .venv (about a minute) ..." >&2
# --no-deps: the lock is complete. Resolving again would look at what came out since, e.g. a newer
# release behind an extra (`pydantic[email]`), and refuse it for want of a hash.
.venv/bin/pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.lock
.venv/bin/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
