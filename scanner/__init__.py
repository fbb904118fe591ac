"""The station at the gate: a camera, its eyes, one admission rule, a journal and a page.

A separate application: of the service it knows `ticketing.wire` alone.
"""
