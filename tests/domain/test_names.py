"""Names as people look for them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.domain.names import has_words, letters, search_key, words


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Zoë Müßig", "zo mussig"),
        ("ANNA", "anna"),
        ("Łukasz Żółć", "lukasz zolc"),
        ("İlknur I\u015f\u0131k", "ilknur isik"),
        ("Æsa Þórsdóttir", "asa thorsdottir"),
        ("Nguyễn Thị Ánh", "nguyen thi anh"),
        ("Jörg Oelmüller", "jorg olmuller"),
        ("JOERG OELMUELLER", "jorg olmuller"),
        ("Michael Bauer", "michal baur"),
        ("Straße", "strasse"),
        ("STRAẞE", "strasse"),
        ("ﬁona", "fiona"),
        ("Αλέξανδρος", "αλεξανδροσ"),
    ],
)
def test_a_key_has_no_case_accents_ligatures_or_umlauts(name: str, key: str) -> None:
    """And a key is its own key."""
    assert search_key(name) == key
    assert search_key(key) == key


@pytest.mark.parametrize(("typed", "found"), [("mus zoe", True), ("zoe ann", False), ("", True)])
def test_every_word_stands_somewhere_in_the_name(typed: str, *, found: bool) -> None:
    """In any order."""
    assert has_words("Zoë Müßig", words(typed)) is found


@pytest.mark.parametrize(("typed", "count"), [("z. o-", 2), ("  ", 0), ("Żó1", 3), ("%_", 0)])
def test_only_letters_and_digits_are_letters(typed: str, count: int) -> None:
    """Signs and blanks do not make a search longer."""
    assert letters(typed) == count


@pytest.mark.parametrize("name", ["Müller", "Mueller", "Muller", "MÜLLER", "Mu\u0308ller"])
@pytest.mark.parametrize("typed", ["müller", "mueller", "muller", "mue", "muell", "üll", "ller"])
def test_umlauts_are_found_however_they_are_written(name: str, typed: str) -> None:
    """Both ways, also by a part of the name."""
    assert has_words(name, words(typed))


WRITTEN_OUT = {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"}
BARE = {one: "ss" if two == "ss" else two[0] for one, two in WRITTEN_OUT.items()}
german = st.text("abehorsuzAEOU äöüÄÖÜß-", min_size=1, max_size=20)


def written(name: str, how: dict[str, str]) -> str:
    """The name without its umlauts."""
    return "".join(how.get(symbol, symbol) for symbol in name)


@given(german)
def test_every_way_to_write_umlauts_has_one_key(name: str) -> None:
    """In any name, with whatever before and behind; Unicode's two ways are one, too."""
    ways = (written(name, WRITTEN_OUT), written(name, BARE), unicodedata.normalize("NFD", name))
    assert {search_key(way) for way in ways} == {search_key(name)}
    assert search_key(search_key(name)) == search_key(name)


@given(german, st.data())
def test_the_beginning_of_a_word_finds_the_name(name: str, data: st.DataObject) -> None:
    """However many letters were typed yet, in whichever way."""
    for word in name.split():
        begun = word[: data.draw(st.integers(1, len(word)))]
        for way in (begun, written(begun, WRITTEN_OUT), written(begun, BARE)):
            assert has_words(name, words(way))


@given(st.text(max_size=30))
def test_any_text_is_found_by_itself(text: str) -> None:
    """Every script; a key is its own key."""
    assert has_words(text, words(text))
    assert search_key(search_key(text)) == search_key(text)
