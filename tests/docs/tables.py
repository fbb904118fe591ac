"""The tables of the documents, made from the code they describe."""

from collections.abc import Mapping, Sequence

from flask import Flask

from ticketing.domain.accounts import RIGHTS, Right, Role
from ticketing.web.access import Audience, Permission, permission_of
from ticketing.wire.rules import RULES
from ticketing.wire.verdict import VERDICTS_OF, Reason

Texts = Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]]


def routes_table(app: Flask) -> list[str]:
    """One row for each API call: method, address, who may call it, what it does."""
    rows = []
    rules = sorted(
        app.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods or ()))
    )
    for rule in rules:
        if not rule.rule.startswith("/api/v1/"):
            continue
        view = app.view_functions[rule.endpoint]
        permission = permission_of(view)
        assert permission is not None
        who = _who(permission)
        text = (view.__doc__ or "").strip().splitlines()[0].rstrip(".")
        address = rule.rule.removeprefix("/api/v1").replace("<", "{").replace(">", "}")
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        rows += [f"| `{method} {address}` | {who} | {text} |" for method in methods]
    return rows


def _who(permission: Permission) -> str:
    if permission.audience is Audience.ANYONE:
        return "anyone"
    scope = f"`{permission.scope}`" if permission.scope else ""
    station = "station" if permission.audience is Audience.STATION else ""
    return " or ".join(who for who in (station, scope) if who)


def roles_table() -> list[str]:
    """A line for each right: which roles hold it."""
    roles = (Role.DESK, Role.EDITOR, Role.AUDITOR, Role.ADMIN)
    held = [["yes" if right in RIGHTS[role] else "" for role in roles] for right in Right]
    return [
        f"| `{right}` | {' | '.join(words)} |" for right, words in zip(Right, held, strict=True)
    ]


def reasons_table(texts: Texts) -> list[str]:
    """One row for each reason: its verdicts and what it says in both languages."""
    return [
        f"| `{reason.value}` | {', '.join(sorted(v.value for v in VERDICTS_OF[reason]))} "
        f"| {texts[reason.value]['de']['title'][0]} | {texts[reason.value]['en']['title'][0]} |"
        for reason in Reason
    ]


def rules_diagram() -> list[str]:
    """The same as a drawing: each rule leads to the next, or to a reason."""
    lines = ["flowchart TD"]
    for number, rule in enumerate(RULES, 1):
        here = f'  r{number}["{number}. {rule.name}"]'
        if number < len(RULES):
            lines.append(f"{here} -->|nothing to say| r{number + 1}")
        reasons = " / ".join(reason.value for reason in rule.reasons)
        lines.append(f'{here} --> o{number}(["{reasons}"])')
    return lines


def rules_list() -> list[str]:
    """One numbered line for each rule of admission, in the order in which they are tried."""
    return [
        f"{number}. `{rule.name}`: {rule.says} Gives {', '.join(f'`{r}`' for r in rule.reasons)}."
        for number, rule in enumerate(RULES, 1)
    ]
