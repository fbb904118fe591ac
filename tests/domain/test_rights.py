"""What the roles may do."""

import pytest

from ticketing.domain.accounts import RIGHTS, Right, Role, Staff
from ticketing.domain.ids import StaffId


def somebody(role: Role) -> Staff:
    """A person of a role."""
    return Staff(id=StaffId("staff_1"), name="Ada", role=role)


def test_every_role_has_its_rights() -> None:
    """A role without a line in the table could do nothing, silently."""
    assert set(RIGHTS) == set(Role)
    assert RIGHTS[Role.ADMIN] == frozenset(Right)


def test_roles_grow() -> None:
    """Whoever edits may do all that the desk does."""
    assert RIGHTS[Role.DESK] < RIGHTS[Role.EDITOR] < RIGHTS[Role.ADMIN]


@pytest.mark.parametrize(
    "right", [r for r in Right if r.endswith((".change", ".sell", ".close", ".erase"))]
)
def test_an_auditor_changes_nothing(right: Right) -> None:
    """Reading and taking out, never writing."""
    assert not somebody(Role.AUDITOR).may(right)
    assert somebody(Role.ADMIN).may(right)


@pytest.mark.parametrize(
    "right",
    [
        Right.PEOPLE_CHANGE,
        Right.KEYS_CHANGE,
        Right.GATE_OVERRIDE,
        Right.VISITORS_EXPORT,
        Right.VISITORS_ERASE,
    ],
)
def test_only_an_admin_may(right: Right) -> None:
    """What could give somebody more than they have, tells what was said, or cannot be undone."""
    assert [role for role in Role if somebody(role).may(right)] == [Role.ADMIN]


def test_whoever_sees_visitors_sees_their_tickets_and_codes() -> None:
    """Their page shows both."""
    shown = {Right.TICKETS_SEE, Right.CODES_SEE}
    assert all(shown <= rights for rights in RIGHTS.values() if Right.VISITORS_SEE in rights)


@pytest.mark.parametrize("right", [Right.CODES_EXPORT, Right.OFFERS_CHANGE, Right.AUDIT_SEE])
def test_the_desk_may_not(right: Right) -> None:
    """Lists of codes do not leave the house by the till."""
    assert not somebody(Role.DESK).may(right)
