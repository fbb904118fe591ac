"""Writes list and drawing of the rules into docs/admission.md, from the rules themselves."""

import re
from pathlib import Path

from tests.docs.tables import rules_diagram, rules_list

PAGE = Path(__file__).resolve().parents[1] / "docs" / "admission.md"


def main() -> None:
    """Replace both parts; a test compares them with the code."""
    text = PAGE.read_text(encoding="utf-8")
    listed = "\n".join(rules_list())
    drawn = "\n".join(rules_diagram())
    text = re.sub(r"(?:^\d+\. `.*\n)+", lambda _: listed + "\n", text, count=1, flags=re.MULTILINE)
    text = re.sub(
        r"```mermaid\n.*?\n```", lambda _: f"```mermaid\n{drawn}\n```", text, flags=re.DOTALL
    )
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
