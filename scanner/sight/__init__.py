"""The eyes: a frame goes in, the texts of the barcodes in it come out.

`Sight.watch` reads the frames of a live camera, `SecondEyes` reads on in a thread of its own,
`Sight.look` tries hard on a still picture, `decode_file` reads files for `scanner decode`. What
is judged, shown or kept is decided elsewhere; no text is logged here.
"""

from scanner.sight.cascade import Sight, Watched, default_sight
from scanner.sight.decode import DecodedFile, Kinds, decode_file
from scanner.sight.reading import Gray, Reader, Reading
from scanner.sight.second import SecondEyes

__all__ = [
    "DecodedFile",
    "Gray",
    "Kinds",
    "Reader",
    "Reading",
    "SecondEyes",
    "Sight",
    "Watched",
    "decode_file",
    "default_sight",
]
