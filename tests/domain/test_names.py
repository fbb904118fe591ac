"""Names as people look for them."""

import pytest

from ticketing.domain.names import has_words, letters, search_key, words


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Zoë Müßig", "zoe mussig"),
        ("ANNA", "anna"),
        ("Łukasz Żółć", "lukasz zolc"),
        ("İlknur Işık", "ilknur isik"),
        ("Æsa Þórsdóttir", "aesa thorsdottir"),
        ("Nguyễn Thị Ánh", "nguyen thi anh"),
        ("ﬁona", "fiona"),
        ("Αλέξανδρος", "αλεξανδροσ"),
    ],
)
def test_a_key_has_no_case_accents_or_ligatures(name: str, key: str) -> None:
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
