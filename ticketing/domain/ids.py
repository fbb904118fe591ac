"""Ids of what the service keeps; in the domain room.

Ticket and key ids are `ticketing.wire`'s: they stand in the barcode.
"""

from typing import NewType

VisitorId = NewType("VisitorId", bytes)
"""16 random bytes."""
IdentityId = NewType("IdentityId", bytes)
"""16 random bytes: one visitor's address on one channel."""
ConversationId = NewType("ConversationId", bytes)
"""16 random bytes."""
ScanId = NewType("ScanId", bytes)
"""16 bytes, drawn by the station."""
StationId = NewType("StationId", str)
"""`st_` and 16 hex digits."""
ApiKeyId = NewType("ApiKeyId", str)
"""`key_` and 16 hex digits."""
StaffId = NewType("StaffId", str)
"""`staff_` and 16 hex digits."""
