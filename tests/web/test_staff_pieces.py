"""What every page of the site is made of: forms that tell their mistakes, parts of long lists."""

from datetime import UTC, date, datetime, time
from enum import StrEnum

import pytest
from apiflask import APIFlask
from werkzeug.datastructures import MultiDict

from ticketing.domain import FieldError
from ticketing.service.errors import Invalid
from ticketing.web.staff import frame
from ticketing.web.staff.forms import Form, blank
from ticketing.web.staff.listing import Listing
from ticketing.web.staff.speaker import Speaker


class Kind(StrEnum):
    """Some closed set."""

    ONE = "one"


def a_form(**fields: str) -> Form:
    """A German form with these fields."""
    return Form(MultiDict(fields), Speaker("de"))


def test_good_fields_are_read(app: APIFlask) -> None:
    """In the units of the house."""
    with app.test_request_context():
        form = a_form(
            name="  Zoë ", n="1.840", price="7,2 €", day="2026-10-04", at="14:30", kind="one",
            moment="2026-10-04T14:30", box="yes", budget="1.234,50\N{NO-BREAK SPACE}€",
        )  # fmt: skip
        assert form.text("name", most=9) == "Zoë"
        assert form.whole("n", least=1, most=2000) == 1840
        assert (form.cents("price"), form.cents("budget")) == (720, 123_450)
        assert form.day("day") == date(2026, 10, 4)
        assert form.clock("at") == time(14, 30)
        moment = form.moment("moment")
        assert moment is not None
        assert moment.astimezone(UTC) == datetime(2026, 10, 4, 12, 30, tzinfo=UTC)
        assert form.choice("kind", Kind) is Kind.ONE
        assert form.is_checked("box")
        assert form.problems == {}


@pytest.mark.parametrize("typed", ["", "x", "-1", "1e3", "9" * 20, "٣", "7,1234", "7,", "1.50.0"])
def test_what_cannot_be_read_is_told_beside_its_field(app: APIFlask, typed: str) -> None:
    """Never an error page, never a guess."""
    with app.test_request_context():
        form = a_form(**dict.fromkeys(("n", "price", "day", "at", "moment", "kind"), typed))
        read: list[object] = [form.whole("n", least=1, most=99), form.cents("price")]
        read += [form.day("day"), form.clock("at"), form.moment("moment")]
        read.append(form.choice("kind", Kind))
        assert read == [None] * len(read)
        assert form.problems.keys() >= {"n", "price", "day", "at", "moment", "kind"}


@pytest.mark.parametrize("typed", ["0001-01-01", "9999-12-31", "2026-02-30"])
def test_a_day_that_cannot_be_meant_is_refused(app: APIFlask, typed: str) -> None:
    """Far years break the arithmetic of time zones."""
    with app.test_request_context():
        form = a_form(day=typed, moment=f"{typed}T10:00")
        assert form.day("day") is None
        assert form.moment("moment") is None
        assert form.problems.keys() == {"day", "moment"}


@pytest.mark.parametrize("typed", ["7,5", "1.5", "12,34", "1.2345", "1 23"])
def test_a_part_is_never_read_as_thousands(app: APIFlask, typed: str) -> None:
    """Seven and a half percent off are not seventy-five."""
    with app.test_request_context():
        form = a_form(n=typed)
        assert form.whole("n", least=1, most=100_000) is None
        assert form.problems.keys() == {"n"}


def test_fields_that_are_optional_may_be_empty(app: APIFlask) -> None:
    """None, and no mistake."""
    with app.test_request_context():
        form = blank(Speaker("en"))
        assert form.whole("n", least=1, most=2, is_needed=False) is None
        assert form.cents("price", is_needed=False) is None
        assert form.day("day", is_needed=False) is None
        assert form.clock("at", is_needed=False) is None
        assert form.moment("moment", is_needed=False) is None
        assert form.text("name", most=3, is_needed=False) == ""
        assert form.problems == {}


def test_a_text_that_is_too_long_or_missing_is_told(app: APIFlask) -> None:
    """With the limit."""
    with app.test_request_context():
        form = a_form(name="abcd")
        form.text("name", most=3)
        form.text("other", most=3)
        assert "3" in form.problems["name"]
        assert form.problems["other"] == "Hier fehlt etwas."


def test_what_the_service_refuses_stands_at_its_field(app: APIFlask) -> None:
    """Known problems by their words, others by a plain one; fields may have other names here."""
    with app.test_request_context():
        form = a_form()
        refusal = Invalid(FieldError("holder", "taken"), FieldError("x", "strange"))
        form.take(refusal, {"holder": "name"})
        assert form.problems == {"name": "Das gibt es schon.", "x": "Das passt hier nicht."}


def test_a_list_knows_its_other_parts(app: APIFlask) -> None:
    """Sorted and filtered as before; the beginning is one press away."""
    with app.test_request_context("/staff/x?sort=name&cursor=c1&start=25&down=yes"):
        part = Listing.asked(Speaker("de"), ("at", "name"), {"state": "valid", "offer": ""})
        part = part.found(25, "c2", 1840)
        assert (part.sort, part.is_down, part.cursor) == ("name", True, "c1")
        assert part.range == "26 bis 50 von 1.840"
        assert part.next == "/staff/x?state=valid&sort=name&down=yes&cursor=c2&start=50"
        assert part.first == "/staff/x?state=valid&sort=name&down=yes"
        assert part.sorted_by("name") == "/staff/x?state=valid&sort=name"
        assert part.sorted_by("at") == "/staff/x?state=valid&sort=at"
        assert part.found(0, None).range == ""
        assert part.found(3, None).next == ""


def test_a_column_of_numbers_begins_with_the_greatest(app: APIFlask) -> None:
    """Where the list says so; a second press turns it round, and the arrow never lies."""
    with app.test_request_context("/staff/x?sort=name"):
        part = Listing.asked(Speaker("de"), ("name", "made"), downs=("made",))
        assert part.sorted_by("made") == "/staff/x?sort=made&down=yes"
        assert part.sorted_by("name") == "/staff/x?sort=name&down=yes"
    with app.test_request_context("/staff/x?sort=made&down=yes"):
        part = Listing.asked(Speaker("de"), ("name", "made"), downs=("made",))
        assert part.sorted_by("made") == "/staff/x?sort=made"
        assert part.sorted_by("name") == "/staff/x?sort=name"


@pytest.mark.parametrize("query", ["sort=drop", "start=-5", "start=x", "start=" + "9" * 30, ""])
def test_a_strange_address_shows_the_beginning(app: APIFlask, query: str) -> None:
    """Whatever somebody types there."""
    with app.test_request_context(f"/staff/x?{query}"):
        part = Listing.asked(Speaker("en"), ("at", "name")).found(2, None)
        assert part.sort == "at"
        assert part.start <= 10_000_000
        assert part.first == ""
        assert part.range.endswith(str(2)) or part.start


def test_a_page_tells_once_what_was_done(app: APIFlask) -> None:
    """After going on; a second look does not repeat it."""
    with app.test_request_context():
        answer = frame.done("/staff/stations", "staff_revoked_now")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/staff/stations")
        frame.not_done("/staff", "wrong_value")
        told = frame.the_told()
        assert [line.is_bad for line in told] == [False, True]


@pytest.mark.parametrize(
    ("lang", "number", "percent"),
    [("de", "1.840", "92\N{NO-BREAK SPACE}%"), ("en", "1,840", "92%")],
)
def test_figures_are_said_as_the_language_does(
    app: APIFlask, lang: str, number: str, percent: str
) -> None:
    """Thousands and shares."""
    with app.test_request_context():
        speaker = Speaker("de" if lang == "de" else "en")
        assert speaker.number(1840) == number
        assert speaker.percent(92, 100) == percent
        assert speaker.percent(1, 0).startswith("0")
