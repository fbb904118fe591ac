"""The station at the gate: a camera, its eyes, one admission rule, a journal and a page.

A separate application: of the service it knows `ticketing.wire` alone.
"""

import os

# Before anything imports numpy: with its default of a thread for each core, an equation of 25
# unknowns that takes 1 ms took 590 ms while the station's other threads worked.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
