"""The press of discount codes: the real part behind `service.ports.CodePress`."""

import zipfile
from collections.abc import Iterable
from typing import BinaryIO, Final

from ticketing.edge.barcode import symbol_modules, symbol_png
from ticketing.edge.pdf import code_sheets
from ticketing.service.ports import CodeSheet

_MODULE_PX: Final = 12
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)


class Press:
    """Makes sheets and pictures of codes."""

    def pdf(self, facts: CodeSheet, codes: Iterable[str], into: BinaryIO) -> None:
        """Sheets of A4 with 24 labels each."""
        code_sheets(facts, codes, into)

    def zip(self, codes: Iterable[str], into: BinaryIO) -> None:
        """An archive of PNG pictures, `HERBST-K7Q2M9X4T8B.png`; they are compressed already."""
        with zipfile.ZipFile(into, "w", zipfile.ZIP_STORED) as archive:
            for code in codes:
                picture = symbol_png(symbol_modules(code), module_px=_MODULE_PX)
                archive.writestr(zipfile.ZipInfo(f"{code}.png", _LONG_AGO), picture)
