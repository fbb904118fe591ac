"""Two codes before the camera: whose turn comes first? Pure."""

from scanner.sight import Reading


def nearest_first(readings: tuple[Reading, ...], width: int, height: int) -> tuple[Reading, ...]:
    """The readings of a frame of this size in pixels, the nearest to its middle first."""

    def distance(reading: Reading) -> float:
        x = sum(corner[0] for corner in reading.corners) / len(reading.corners)
        y = sum(corner[1] for corner in reading.corners) / len(reading.corners)
        return (x - width / 2) ** 2 + (y - height / 2) ** 2

    return tuple(sorted(readings, key=distance))
