"""Every benchmark, one after the other: JSON lines on stdout, tables on stderr."""

import subprocess
import sys

BENCHMARKS = (
    "pictures",
    "sight",
    "presentations",
    "photos",
    "offline",
    "scans",
    "codes",
    "journal_upload",
    "station_sync",
    "station_load",
    "site",
)


def main() -> int:
    """Run each in a process of its own, so that none warms the next; 0 when all ran."""
    codes = [
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode  # noqa: S603  our own modules
        for name in BENCHMARKS
    ]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
