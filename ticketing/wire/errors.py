"""The root of everything `ticketing.wire` raises.

    WireError
      BadToken          what was shown is no good ticket        (token.py)
        Malformed         not the text of a ticket of ours
        Unsupported       a format or flag this reader is too old for
        UnknownKey        signed under a key that is not in the ring, or retired
        Forged            the signature does not hold
      BadClaims         an issuer's claims that fit no barcode   (token.py)
      BadKey            no public key one may trust              (keys.py)
      BadBody           a journal body that has no canonical form (chain.py)
      BadMessage        a message between station and service    (messages.py)

No message repeats what was read: it may be a name or a code.
"""


class WireError(Exception):
    """Anything `ticketing.wire` can raise."""
