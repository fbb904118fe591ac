"""Real chance, behind `service.ports.Chance`; the one place that draws."""

import secrets


class SystemChance:
    """The operating system's random bytes."""

    def draw(self, size: int) -> bytes:
        """That many unguessable bytes."""
        return secrets.token_bytes(size)
