"""Mails over a real connection to a real server on loopback."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.edge.wire_ends import certificate
from tests.mail_server import PASSWORD, USER, MailServer, listening
from ticketing.domain.mails import PATIENCE, Encryption, MailRules
from ticketing.edge.mail import SmtpMailer, message_of
from ticketing.service.channels import Permanent, Retry, Sent
from ticketing.service.letters import Letter
from ticketing.service.ports import CardCaptions, CardFacts

WRONG = PASSWORD[::-1]
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
LETTER = Letter(
    key="00ff" * 8,
    to="anna@example.org",
    lang="de",
    sender="Museum „Süd“, Köln",
    subject="Ihr Ticket: Museum für Größe",
    greeting="Guten Tag,",
    lines=("hier ist <Ihr> Ticket: Führung & Café.", "." + " lange Zeile" * 200),
    link="https://tickets.example/t/abc?lang=de&x=1",
    link_text="Öffnen",
    picture_text='Kurzcode "1"',
    foot=("Nur für diese E-Mail.", "Museum, Köln"),
    card=CardFacts(
        museum="", holder="", offer="", when="", persons="", short_code="", barcode="",
        captions=CardCaptions(when="", persons="", short_code=""),
    ),
)  # fmt: skip


def rules(server: MailServer, **changes: object) -> MailRules:
    """How that server is reached."""
    plain = MailRules(
        server="localhost",
        port=server.port,
        encryption=Encryption.NONE,
        user="",
        password="",
        sender="tickets@museum.example",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module", name="pem")
def _pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"), "localhost")


def trusting(pem: Path) -> ssl.SSLContext:
    """Whoever trusts that certificate."""
    return ssl.create_default_context(cafile=str(pem))


@contextmanager
def sending(answers: dict[str, str]) -> Iterator[tuple[MailServer, SmtpMailer]]:
    """A server that says these, and a mailer that talks to it."""
    with listening(MailServer(answers)) as server:
        yield server, SmtpMailer(rules(server))


def test_a_mail_has_its_words_twice_and_the_picture_once() -> None:
    """As text, as HTML that shows the picture, and the picture as a file; over the wire."""
    with sending({}) as (server, mailer):
        assert mailer.send(LETTER, PICTURE) == Sent()
    [mail] = server.mails
    assert server.to == ["anna@example.org"]
    text, page = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert page is not None
    assert "Führung & Café" in text.get_content()
    assert LETTER.lines[1] in text.get_content().replace("\n", "")
    assert LETTER.link in text.get_content()
    html = page.get_content()
    assert "&lt;Ihr&gt; Ticket: Führung &amp; Café" in html
    assert 'alt="Kurzcode &quot;1&quot;"' in html
    [picture] = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert picture.get_content() == PICTURE
    assert picture.get_filename() == "ticket.png"
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in html


def test_the_head_of_a_mail_names_the_house_and_nobody_else() -> None:
    """Umlauts survive; machines learn that no absence note is wanted."""
    with sending({}) as (server, mailer):
        mailer.send(LETTER, PICTURE)
    [mail] = server.mails
    assert mail["Subject"] == LETTER.subject
    assert mail["From"].addresses[0].display_name == LETTER.sender
    assert mail["From"].addresses[0].addr_spec == "tickets@museum.example"
    assert mail["To"] == "anna@example.org"
    assert mail["Message-ID"] == f"<{LETTER.key}@museum.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert server.heard[0].lower() == "ehlo museum.example"


@pytest.mark.parametrize(
    "change",
    [
        {"to": "anna@example.org\r\nBcc: bo@example.org"},
        {"to": "anna@example.org, bo@example.org"},
        {"subject": "Ticket\r\nBcc: bo@example.org"},
        {"sender": "Museum\nBcc: bo@example.org"},
        {"key": "1\r\nBcc: bo@example.org"},
        {"lang": "de\nBcc: bo@example.org"},
    ],
)
def test_no_field_makes_a_header_of_its_own(change: dict[str, str]) -> None:
    """Such a mail is refused for good, before anything is said to a server."""
    letter = replace(LETTER, **change)  # type: ignore[arg-type]
    with sending({}) as (server, mailer):
        assert mailer.send(letter, PICTURE) == Permanent("refused")
    assert server.heard == []
    with pytest.raises(ValueError, match=r"."):
        message_of(letter, PICTURE, sender="tickets@museum.example")


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ({"RCPT": "550 no such user"}, Permanent("no_recipient")),
        ({"RCPT": "451 greylisted"}, Retry(PATIENCE)),
        ({"DATA.": "554 spam"}, Permanent("refused")),
        ({"DATA.": "452 disk full"}, Retry(PATIENCE)),
        ({"MAIL": "553 not you"}, Permanent("refused")),
        ({"MAIL": "421 shutting down"}, Retry(PATIENCE)),
        ({"EHLO": "502 what", "HELO": "502 what"}, Retry(PATIENCE)),
        ({"RCPT": ""}, Retry(PATIENCE)),
        ({"DATA.": ""}, Retry(PATIENCE)),
        ({"QUIT": "500 stay"}, Sent()),
        ({"QUIT": ""}, Sent()),
    ],
)
def test_the_servers_answer_decides(answers: dict[str, str], outcome: object) -> None:
    """What it says of this mail for good is for good; the rest is tried again."""
    with sending(answers) as (_, mailer):
        assert mailer.send(LETTER, PICTURE) == outcome


def test_a_server_that_is_not_there_is_tried_again() -> None:
    """Nothing listens any more."""
    with sending({}) as (_, mailer):
        pass
    assert mailer.send(LETTER, PICTURE) == Retry(PATIENCE)
    assert "mail_server" in mailer.check()


@pytest.mark.parametrize("encryption", [Encryption.STARTTLS, Encryption.TLS])
def test_the_password_goes_over_an_encrypted_way(encryption: Encryption, pem: Path) -> None:
    """By STARTTLS, or with TLS from the start."""
    is_wrapped = encryption is Encryption.TLS
    with listening(MailServer(tls=pem, is_wrapped=is_wrapped)) as server:
        wanted = rules(server, encryption=encryption, user=USER, password=PASSWORD)
        mailer = SmtpMailer(wanted, trust=lambda: trusting(pem))
        assert mailer.check() == ""
        assert mailer.send(LETTER, PICTURE) == Sent()
    assert server.was_secret == [True]
    assert "AUTH" in [line.split()[0].upper() for line in server.heard]


def test_without_encryption_nothing_is_said(pem: Path) -> None:
    """A server that offers none, or whose certificate nobody signed: no mail, no password."""
    signing_in = {"encryption": Encryption.STARTTLS, "user": USER, "password": WRONG}
    with listening(MailServer()) as server:
        mailer = SmtpMailer(rules(server, **signing_in))
        assert mailer.send(LETTER, PICTURE) == Retry(PATIENCE)
        assert "mail_encryption" in mailer.check()
    with listening(MailServer(tls=pem)) as foreign:
        mailer = SmtpMailer(rules(foreign, **signing_in))
        assert mailer.send(LETTER, PICTURE) == Retry(PATIENCE)
        assert "certificate" in mailer.check()
    for one in (server, foreign):
        assert not any(line.upper().startswith(("AUTH", "MAIL")) for line in one.heard)


def test_a_wrong_password_is_told_to_the_operator(pem: Path) -> None:
    """And tried again later: the setting may be mended."""
    with listening(MailServer(tls=pem)) as server:
        wanted = rules(server, encryption=Encryption.STARTTLS, user=USER, password=WRONG)
        mailer = SmtpMailer(wanted, trust=lambda: trusting(pem))
        assert "mail_password" in mailer.check()
        assert mailer.send(LETTER, PICTURE) == Retry(PATIENCE)
    assert WRONG not in repr(wanted)
