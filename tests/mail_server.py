"""A mail server on loopback: speaks SMTP as far as a sender needs it, and keeps what it gets."""

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

USER, PASSWORD = "kasse", "ein-langes-geheimnis"


@dataclass
class MailServer:
    """What it does, and what it has heard.

    `answers`: what it says to a command or to the mail itself (`DATA.`) instead of yes; "" hangs
    up. `tls` is a certificate's file, used for STARTTLS, or from the start with `is_wrapped`.
    """

    answers: dict[str, str] = field(default_factory=dict)
    tls: Path | None = None
    is_wrapped: bool = False
    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    was_secret: list[bool] = field(default_factory=list)

    def context(self) -> ssl.SSLContext:
        """The server's side of TLS."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.tls or "")
        return made


class _Talk(socketserver.StreamRequestHandler):
    """One connection."""

    server: "_Socket"
    timeout = 10

    def setup(self) -> None:
        self.is_secret = self.server.told.is_wrapped
        if self.is_secret:
            self.request = self.server.told.context().wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self) -> None:
        with suppress(OSError, EOFError):
            self.say("220 museum.example")
            while True:
                line = self.rfile.readline().decode().strip()
                if not line or not self.command(line):
                    return

    def finish(self) -> None:
        super().finish()
        self.request.close()  # the server closes the plain socket below TLS only

    def command(self, line: str) -> bool:
        """Answer one command; False ends the connection."""
        told, word = self.server.told, line.split(maxsplit=1)[0].upper()
        told.heard.append(line)
        if word in told.answers:
            return self.answer(told.answers[word])
        match word:
            case "EHLO":
                can = ["museum.example", "AUTH PLAIN"]
                can += ["STARTTLS"] if told.tls and not self.is_secret else []
                self.say("\r\n".join([*(f"250-{one}" for one in can), "250 8BITMIME"]))
            case "STARTTLS":
                self.say("220 go")
                self.request = told.context().wrap_socket(self.request, server_side=True)
                self.is_secret = True
                super().setup()
            case "AUTH":
                good = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
                self.say("235 ok" if line.rsplit(maxsplit=1)[-1] == good else "535 no")
            case "RCPT":
                told.to.append(line.partition("<")[2].rstrip(">"))
                self.say("250 ok")
            case "DATA":
                self.say("354 go")
                return self.take()
            case "QUIT":
                self.say("221 bye")
                return False
            case _:
                self.say("250 ok")
        return True

    def take(self) -> bool:
        """Read a mail."""
        told, lines = self.server.told, list[bytes]()
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line[1:] if line.startswith(b"..") else line)
        if "DATA." in told.answers:
            return self.answer(told.answers["DATA."])
        mail = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        told.mails.append(mail)
        told.was_secret.append(self.is_secret)
        self.say("250 taken")
        return True

    def answer(self, text: str) -> bool:
        """Say what the test wants; nothing ends the connection."""
        if text:
            self.say(text)
        return bool(text)

    def say(self, text: str) -> None:
        """One answer."""
        self.wfile.write(text.encode() + b"\r\n")


class _Socket(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    told: MailServer

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that breaks off is no news."""


@contextmanager
def listening(told: MailServer) -> Iterator[MailServer]:
    """The server while it listens."""
    with _Socket(("127.0.0.1", 0), _Talk) as server:
        server.told = told
        told.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()
