"""A disk that takes longer to be sure: fsync and fdatasync delayed, by a library of a few lines.

It is compiled with the machine's C compiler and put before the C library of one process
(LD_PRELOAD); nothing else is slowed.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path
from statistics import median

_SOURCE = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

static void wait_first(void) {
    struct timespec delay = {0, DELAY_NS};
    nanosleep(&delay, 0);
}

#define SLOW(name)                                               \\
    int name(int file) {                                         \\
        static int (*real)(int);                                 \\
        if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, #name); \\
        wait_first();                                            \\
        return real(file);                                       \\
    }

SLOW(fsync)
SLOW(fdatasync)
"""
_TRIES = 100


def delaying(folder: Path, delay_ms: int) -> dict[str, str] | None:
    """The environment of a process with such a disk, or None without a C compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return None
    source, library = folder / "slow_disk.c", folder / "slow_disk.so"
    source.write_text(_SOURCE, encoding="utf-8")
    command = [compiler, "-shared", "-fPIC", f"-DDELAY_NS={delay_ms * 1_000_000}"]
    subprocess.run([*command, "-o", library, source, "-ldl"], check=True)  # noqa: S603  its own source
    return {"LD_PRELOAD": str(library)}


def fsync_ms(folder: Path) -> float:
    """What one small write that is sure costs on the disk under a folder, in the median."""
    path, taken_ms = folder / "fsync", []
    with path.open("wb", buffering=0) as file:
        for _ in range(_TRIES):
            file.write(bytes(4096))
            started = time.perf_counter()
            os.fsync(file.fileno())
            taken_ms.append((time.perf_counter() - started) * 1000)
    path.unlink()
    return median(taken_ms)
