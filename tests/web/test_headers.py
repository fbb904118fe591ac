"""Security headers, the access log, and the asking site."""

import logging
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from tests.factories import HOLDER, with_ticket
from tests.web.conftest import Headers, SignedInBrowser
from ticketing.service.ports import House, LinkKind
from ticketing.store.unit import Store
from ticketing.web.factory import create_app
from ticketing.web.parts import Parts

PAGES = ["/chat", "/privacy", "/staff/sign-in", "/api/v1/docs", "/nothing", "/t/nothing"]


@pytest.mark.parametrize("path", [*PAGES, "/healthz", "/api/v1/offers", "/static/einlass.css"])
def test_every_answer_carries_the_headers(client: FlaskClient, path: str) -> None:
    """Errors and files too."""
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_inline_style_or_script(client: FlaskClient, path: str) -> None:
    """The policy would block it; scripts come from files alone."""
    text = client.get(path).text
    assert " style=" not in text
    assert "<style" not in text
    assert "onclick" not in text
    assert all("src=" in part[:80] for part in text.split("<script")[1:])


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("lang", ["de", "en"])
def test_every_page_names_its_language(client: FlaskClient, path: str, lang: str) -> None:
    """Screen readers need it."""
    assert f'<html lang="{lang}">' in client.get(f"{path}?lang={lang}").text


def test_the_staff_page_has_no_inline_style(staff: SignedInBrowser, museum: None) -> None:
    """Nor has the page with a pairing code."""
    del museum
    answer = staff.post("/staff/stations/pairing", name="Tor", gate="sued")
    assert answer.status_code == 201
    assert " style=" not in answer.text
    assert all("src=" in part[:80] for part in answer.text.split("<script")[1:])


def test_personal_answers_are_not_kept(client: FlaskClient) -> None:
    """Pages with a person on them are stored by nobody; styles are."""
    assert client.get("/chat").headers["Cache-Control"] == "no-store"
    assert "public" in client.get("/static/einlass.css").headers["Cache-Control"]


def test_https_is_remembered(client: FlaskClient) -> None:
    """Behind TLS the browser is told to stay there."""
    secure = client.get("/privacy", base_url="https://localhost")
    assert "Strict-Transport-Security" in secure.headers
    assert "Strict-Transport-Security" not in client.get("/privacy").headers


def test_https_is_the_proxys_word(parts: Parts) -> None:
    """It ends TLS and says so; whoever says so without one is not believed."""
    told = {"X-Forwarded-Proto": "https"}
    for proxies, is_secure in ((1, True), (0, False)):
        client = create_app(replace(parts, proxies=proxies)).test_client()
        headers = client.get("/privacy", headers=told).headers
        assert ("Strict-Transport-Security" in headers) is is_secure


def test_the_access_log_holds_patterns_only(
    client: FlaskClient, store: Store, house: House, museum: None, caplog: pytest.LogCaptureFixture
) -> None:
    """A signed link in a log would be a ticket in a log."""
    del museum
    case = with_ticket(store, house)
    link = house.links.make(LinkKind.TICKET, case.ticket.id)
    with caplog.at_level(logging.INFO, logger="ticketing.access"):
        client.get(f"/t/{link}?lang=de")
        client.get(f"/{HOLDER}")
    first, second = [
        record.getMessage() for record in caplog.records if record.name == "ticketing.access"
    ]
    assert first.startswith("GET /t/<link> 200 ")
    assert first.endswith(" ms")
    assert second.startswith("GET (no route) 404 ")


def test_no_name_reaches_log_header_or_address(
    client: FlaskClient, museum: None, api: Headers, caplog: pytest.LogCaptureFixture
) -> None:
    """From the issue to the picture the name stands in bodies alone."""
    del museum
    with caplog.at_level(logging.DEBUG):
        made = client.post("/api/v1/tickets", headers=api, json={"offer": "day", "holder": HOLDER})
        assert made.json is not None
        page = made.json["links"]["page"].removeprefix("https://tickets.example")
        answers = [made, client.get(page), client.get(page + "/card.png")]
    assert [answer.status_code for answer in answers] == [201, 200, 200]
    assert "Kowalewski" not in caplog.text
    assert "Kowalewski" not in str([dict(answer.headers) for answer in answers])
    assert "Kowalewski" not in str(made.json["links"])


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
@pytest.mark.parametrize("path", ["/chat/messages", "/chat/language", "/staff/sign-in"])
def test_another_site_cannot_post(client: FlaskClient, path: str, site: str) -> None:
    """Browsers say where a form comes from."""
    answer = client.post(path, data={"text": "x"}, headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_older_browsers_say_the_origin(client: FlaskClient) -> None:
    """Without Sec-Fetch-Site the origin decides; both our names are ours."""
    for origin, status in [
        ("https://evil.example", 403),
        ("null", 403),
        ("http://[", 403),
        ("http://localhost", 303),
        ("https://tickets.example", 303),
    ]:
        answer = client.post("/chat/messages", data={"start": "1"}, headers={"Origin": origin})
        assert answer.status_code == status, origin


def test_our_own_page_may_post(client: FlaskClient) -> None:
    """The same origin, and an address typed by hand."""
    for site in ("same-origin", "none"):
        headers = {"Sec-Fetch-Site": site}
        assert (
            client.post("/chat/messages", data={"start": "1"}, headers=headers).status_code == 303
        )


@pytest.mark.parametrize(
    ("method", "path", "form"),
    [
        ("GET", "/chat?lang=%00", {}),
        ("GET", "/staff/offers?week=%00", {}),
        ("GET", "/staff/audit?actor=a%00b", {}),
        ("POST", "/staff/sign-in", {"name": "a\0", "password": "b"}),
    ],
)
def test_a_nul_is_refused_before_anything_is_asked(
    client: FlaskClient, method: str, path: str, form: dict[str, str]
) -> None:
    """PostgreSQL takes none; SQLite would, and then it would not move."""
    answer = client.open(path, method=method, data=form or None)
    assert answer.status_code == 400
