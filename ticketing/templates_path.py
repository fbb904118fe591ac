"""Where the templates lie: one function, so that wheel and checkout agree."""

from pathlib import Path


def templates_dir() -> Path:
    """The folder with pages, wording, styles and fonts.

    A wheel carries it as `ticketing/templates` (hatchling's force-include); an
    editable install gets no force-include, so the checkout's own folder serves.
    """
    package = Path(__file__).resolve().parent
    shipped = package / "templates"
    return shipped if shipped.is_dir() else package.parent / "templates"
