"""Renew requirements/dev.lock: newest versions within the ranges of pyproject.toml."""

import subprocess
import sys

COMMAND = (
    "uv pip compile --universal --python-version 3.11 --all-extras --group dev"
    " --no-header --no-annotate --generate-hashes --no-emit-index-url --upgrade"
    " pyproject.toml -o requirements/dev.lock"
)

if __name__ == "__main__":
    sys.exit(subprocess.run(COMMAND.split(), check=False).returncode)
