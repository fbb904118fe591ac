"""What stands in front of every signed or sealed value, so that none passes as another.

None is a prefix of another: each ends in a zero byte that occurs nowhere else in it.
"""

CONTEXT_TICKET = b"einlass-ticket-v1\0"
CONTEXT_NAME = b"einlass-name-v1\0"
CONTEXT_JOURNAL = b"einlass-journal-v1\0"
CONTEXT_JOURNAL_SIGNATURE = b"einlass-journal-sig-v1\0"
CONTEXT_LIVE = b"einlass-live-v1\0"
