"""The eyes: a frame goes in, the texts of the barcodes in it come out.

`Sight.glance` reads the frames of a live camera, `Sight.look` tries hard on a still picture,
`decode_file` reads files for `scanner decode`. What is judged, shown or kept is decided
elsewhere; no text is logged here.
"""

from scanner.sight.cascade import Sight, default_sight
from scanner.sight.decode import DecodedFile, Kinds, decode_file
from scanner.sight.reading import Gray, Reader, Reading

__all__ = [
    "DecodedFile",
    "Gray",
    "Kinds",
    "Reader",
    "Reading",
    "Sight",
    "decode_file",
    "default_sight",
]
