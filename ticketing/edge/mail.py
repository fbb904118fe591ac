"""Edge: e-mails by SMTP, one connection each; nothing of an answer is kept but its number.

The way is encrypted and the server's certificate checked, unless the settings say `none`. A mail
holds its words as text and as HTML, and the ticket's picture in the HTML and as a file: whatever
a program shows, the barcode is there. It is marked as made by a machine, so that no absence
note comes back.
"""

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate
from html import escape
from typing import Final

from ticketing.domain.mails import PATIENCE, Encryption, MailReason, MailRules
from ticketing.service.channels import Permanent, Retry, Sent
from ticketing.service.letters import Letter, MailOutcome

TIMEOUT_S: Final = 10.0
"""For each step; a lease lasts longer than all of them usually take."""
_FOR_GOOD: Final = 500
_PICTURE: Final = "ticket.png"


class SmtpMailer:
    """The `Mailer` port over one mail server."""

    def __init__(
        self, rules: MailRules, *, trust: Callable[[], ssl.SSLContext] = ssl.create_default_context
    ) -> None:
        """Take the rules; `trust` makes what certificates are checked with."""
        self._rules = rules
        self._trust = trust

    def send(self, letter: Letter, picture: bytes) -> MailOutcome:
        """Send a mail; 500 and more is for good, where it is about this mail."""
        try:
            message = message_of(letter, picture, sender=self._rules.sender)
        except ValueError:  # a header that would be two
            return Permanent(MailReason.REFUSED.value)
        try:
            with self._signed_in() as smtp:
                smtp.send_message(message, self._rules.sender, [letter.to])
        except smtplib.SMTPRecipientsRefused as refusal:
            code, _ = refusal.recipients[letter.to]
            return _refused(code, MailReason.NO_RECIPIENT)
        except (smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as refusal:
            return _refused(refusal.smtp_code, MailReason.REFUSED)
        except (OSError, smtplib.SMTPException):
            return Retry(PATIENCE)
        return Sent()

    def check(self) -> str:
        """Go as far as signing in; what is wrong, and what to do."""
        try:
            with self._signed_in() as smtp:
                smtp.noop()
        except smtplib.SMTPAuthenticationError:
            return "the mail server refuses mail_user and mail_password"
        except smtplib.SMTPNotSupportedError:
            return "the mail server cannot do that: look at mail_encryption and mail_port"
        except ssl.SSLError:
            return "no encrypted way to the server: look at mail_encryption and its certificate"
        except (OSError, smtplib.SMTPException):
            return "the mail server does not answer: look at mail_server and mail_port"
        return ""

    @contextmanager
    def _signed_in(self) -> Iterator[smtplib.SMTP]:
        """A connection that is ready to take a mail."""
        rules = self._rules
        own_name = rules.sender.rpartition("@")[2]  # the machine's name is nobody's business
        if rules.encryption is Encryption.TLS:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                rules.server,
                rules.port,
                local_hostname=own_name,
                timeout=TIMEOUT_S,
                context=self._trust(),
            )
        else:
            smtp = smtplib.SMTP(
                rules.server, rules.port, local_hostname=own_name, timeout=TIMEOUT_S
            )
        try:
            if rules.encryption is Encryption.STARTTLS:
                smtp.starttls(context=self._trust())
            if rules.user:
                smtp.login(rules.user, rules.password)
            yield smtp
            with suppress(OSError):  # it has the mail: how it says goodbye changes nothing
                smtp.quit()
        finally:
            smtp.close()


def message_of(letter: Letter, picture: bytes, *, sender: str) -> EmailMessage:
    """The mail as it is sent. Raises ValueError for a header that would be two."""
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = Address(letter.sender, addr_spec=sender)
    message["To"] = Address(addr_spec=letter.to)
    message["Subject"] = letter.subject
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{letter.key}@{sender.rpartition('@')[2]}>"
    message["Content-Language"] = letter.lang
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_text(letter))
    message.add_alternative(_html(letter), subtype="html")
    _, page = message.iter_parts()
    page.add_related(
        picture,
        "image",
        "png",
        cid=f"<{_PICTURE}@{letter.key}>",
        filename=_PICTURE,
        disposition="inline",
    )
    return message


def _text(letter: Letter) -> str:
    link = f"{letter.link_text}:\n{letter.link}"
    foot = "\n".join(letter.foot)
    return "\n\n".join((letter.greeting, *letter.lines, link, f"-- \n{foot}")) + "\n"


def _html(letter: Letter) -> str:
    """Plain enough for every program: no sheet of styles, no picture from elsewhere."""
    said = "".join(f"<p>{escape(line)}</p>" for line in (letter.greeting, *letter.lines))
    foot = "<br>".join(escape(line) for line in letter.foot)
    source, words = f"cid:{_PICTURE}@{letter.key}", escape(letter.picture_text)
    return (
        f'<!doctype html><html lang="{letter.lang}"><head><meta charset="utf-8">'
        f"<title>{escape(letter.subject)}</title></head>"
        '<body style="font-family:sans-serif;line-height:1.5;max-width:36em">'
        f'{said}<p><img src="{source}" alt="{words}" width="320"></p>'
        f'<p><a href="{escape(letter.link)}">{escape(letter.link_text)}</a></p>'
        f'<p style="font-size:smaller">{foot}</p></body></html>'
    )


def _refused(code: int, reason: MailReason) -> MailOutcome:
    return Permanent(reason.value) if code >= _FOR_GOOD else Retry(PATIENCE)
