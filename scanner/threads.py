"""One thread for each piece of arithmetic: a station has threads enough of its own.

With as many as there are cores, BLAS threads wait for one another while the station's own
threads run: an equation that takes 1 ms took 590 ms.
"""

import os
from collections.abc import MutableMapping
from typing import Final

VARIABLES: Final = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def keep_to_one(environment: MutableMapping[str, str] = os.environ) -> None:
    """Tell BLAS so; it listens only before numpy is imported. What somebody has set stays.

    OpenCV is told by its own call (`scanner.sight.prepare`).
    """
    for name in VARIABLES:
        environment.setdefault(name, "1")
