"""The station at the gate: a camera, its eyes, one admission rule, a journal and a page.

A separate application: of the service it knows `ticketing.wire` alone.
"""

from scanner.threads import keep_to_one

# Here, because whatever of the station is imported first, this comes before numpy.
keep_to_one()
