"""Two people's changes laid together: nothing untouched is reverted, nothing decided for them."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ticketing.domain.merging import merged, taken

FACTS = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2))


def test_each_change_stands_and_the_same_one_is_no_conflict() -> None:
    """Theirs, mine, the same twice, and one that both changed otherwise."""
    was = {"price": "19", "name": "Family", "note": "", "seats": 5, "mood": "good"}
    now = was | {"price": "21", "seats": 7, "mood": "bad"}
    mine = was | {"name": "Families", "seats": 7, "mood": "fine"}
    merge = merged(was, mine, now)
    assert merge.facts == now | {"name": "Families", "mood": "fine"}
    assert merge.both == ("mood",)


def test_a_fact_that_is_not_there_is_a_value_like_others() -> None:
    """Removed by one, changed by the other: to be decided; removed by one alone: gone."""
    was = {"a": 1, "b": 1, "c": 1}
    merge = merged(was, {"a": 1, "c": 1}, {"b": 2, "c": 1})
    assert merge.facts == {"c": 1}
    assert merge.both == ("b",)
    assert merged({}, {"a": 1}, {"a": 2}).both == ("a",)


@given(was=FACTS, mine=FACTS, now=FACTS)
def test_nothing_is_reverted_or_lost(
    was: dict[str, Any], mine: dict[str, Any], now: dict[str, Any]
) -> None:
    """An untouched fact is as it stands now; who came first changes nothing of what is open."""
    merge = merged(was, mine, now)
    for name in "abcd":
        old, own, new = was.get(name), mine.get(name), now.get(name)
        assert merge.facts.get(name) == (new if own == old else own)
        assert (name in merge.both) == (len({old, own, new}) == len("abc"))
    assert set(merged(was, now, mine).both) == set(merge.both)


@given(mine=FACTS, now=FACTS, names=st.frozensets(st.sampled_from("abcd")))
def test_what_is_left_to_others_is_as_it_stands(
    mine: dict[str, Any], now: dict[str, Any], names: frozenset[str]
) -> None:
    """And nothing else is."""
    facts = taken(mine, now, names)
    for name in "abcd":
        assert facts.get(name) == (now if name in names else mine).get(name)
