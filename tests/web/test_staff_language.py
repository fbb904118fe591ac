"""The other language of the site: on the same page, and never on another site."""

import re
from html import unescape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.conftest import NAME, SignedInBrowser
from tests.web.test_staff_people import id_of

pytestmark = pytest.mark.usefixtures("museum")


def switched(staff: SignedInBrowser, page: str, lang: str = "en") -> str:
    """Where the switch on a page leads."""
    found = re.search(r'name="back" value="([^"]*)"', page)
    assert found is not None
    answer = staff.post("/staff/language", lang=lang, back=unescape(found[1]))
    assert answer.status_code == 303
    return answer.headers["Location"]


@pytest.mark.parametrize(
    "path",
    ["/staff", "/staff/people", "/staff/tickets?state=valid&sort=day", "/staff/more",
     "/staff/audit?action=offer.created&actor=&object=offer+day&day=", "/staff/codes/new"],
)  # fmt: skip
def test_the_switch_stays_on_the_page(staff: SignedInBrowser, path: str) -> None:
    """With its filters, and it speaks the other language there."""
    where = switched(staff, staff.client.get(path).text)
    assert where.partition("?")[0] == path.partition("?")[0]
    asked = {one for one in path.partition("?")[2].split("&") if not one.endswith("=")}
    assert set(where.partition("?")[2].split("&")) == asked
    answer = staff.client.get(where)
    assert answer.status_code == 200
    assert '<html lang="en">' in answer.text


def test_a_language_in_the_address_does_not_hold_the_switch(staff: SignedInBrowser) -> None:
    """It would win over the one that was chosen."""
    where = switched(staff, staff.client.get("/staff/people?lang=en&x=1").text, "de")
    assert where == "/staff/people?x=1"


def test_a_form_that_came_back_leads_to_its_page(staff: SignedInBrowser) -> None:
    """What it was sent to has no page of its own."""
    person = f"/staff/people/{id_of(staff, NAME)}"
    assert switched(staff, staff.post(f"{person}/role", role="king").text) == person
    assert switched(staff, staff.post("/staff/account/pin", pin="1").text) == "/staff/account"


@pytest.mark.parametrize(
    "back",
    ["https://evil.example/staff", "//evil.example/staff", "\\\\evil.example", "/\\evil.example",
     "javascript:alert(1)", "/chat", "/staffx", "staff/people", "", "http:/staff", "//[", "?x=1",
     "/staff/\r\nX: y", "/staff/../../evil", "/staff//evil.example", "https:///staff/people",
     "/staff/people?x=" + "1" * 2000, "/staff" + "/x" * 5_000],
    ids=lambda back: back[:30],
)  # fmt: skip
def test_nobody_is_led_elsewhere(staff: SignedInBrowser, back: str) -> None:
    """Anything but a page of the site is its beginning."""
    answer = staff.post("/staff/language", lang="en", back=back)
    assert answer.headers["Location"] == "/staff"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(back=st.text(alphabet="/\\staf:.?#@%09evil\n\t ", max_size=30) | st.text(max_size=20))
def test_no_text_leads_elsewhere(staff: SignedInBrowser, back: str) -> None:
    """Whatever is sent, the answer is an own path, or what no form may hold is refused."""
    for text in (back, f"/staff/{back}"):
        answer = staff.post("/staff/language", lang="en", back=text)
        if answer.status_code == 400:
            assert "Location" not in answer.headers
            continue
        where = answer.headers["Location"]
        assert where == "/staff" or where.startswith(("/staff/", "/staff?"))
        assert "\\" not in where.partition("?")[0]
