"""What the tests need from the system: Chromium and libzbar. Root installs them by apt.

Without rights the missing part is named with the command that installs it, and its
tests are shown as skipped; with `CI=true` a missing part is a failure.
"""

import ctypes.util
import os
import shutil
import subprocess
import sys


def missing() -> list[str]:
    """The Debian packages whose parts are not here."""
    packages = []
    if not any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        packages.append("chromium")
    if ctypes.util.find_library("zbar") is None:
        packages.append("libzbar0")
    return packages


def install(packages: list[str]) -> None:
    """Install by apt, without questions."""
    subprocess.run(["apt-get", "update"], check=False, stdout=subprocess.DEVNULL)
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, check=False, env=environment, stdout=subprocess.DEVNULL)


def main() -> int:
    """Install what may be installed; 1 only where CI misses a part."""
    packages = missing()
    if packages and hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        sys.stderr.write(f"Installing {' '.join(packages)} ...\n")
        install(packages)
        packages = missing()
    if not packages:
        return 0
    sys.stderr.write(
        f"Missing: {', '.join(packages)}. Tests that need it are skipped.\n"
        f"  sudo apt-get install --no-install-recommends {' '.join(packages)}\n"
    )
    return 1 if os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
