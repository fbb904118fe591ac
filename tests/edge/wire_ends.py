"""Ends of a wire on loopback: servers that say what a test tells them to, and certificates."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

Speak = Callable[[socket.socket], None]


class End:
    """A listening end; `heard` has the head and body of each request."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.heard: list[bytes] = []
        self.names: list[str | None] = []


def hear(connection: socket.socket) -> bytes:
    """One request with its body."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(4096)
        if not more:
            return data
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if b"content-len" in line
        ),
        0,
    )
    while len(body) < length:
        body += connection.recv(4096)
    return head + b"\r\n\r\n" + body


def saying(answer: bytes) -> Speak:
    """Give these bytes and close."""
    return lambda connection: connection.sendall(answer)


@contextmanager
def listening(speak: Speak, *, tls: Path | None = None) -> Iterator[End]:
    """A server that hears a request and then speaks; with a certificate's file it does TLS."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        end = End(server.getsockname()[1])
        context = None if tls is None else _server_context(tls, end)

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with suppress(OSError), connection:
                    _serve(connection, context, end, speak)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield end
        finally:
            server.shutdown(socket.SHUT_RDWR)
            server.close()
            thread.join(10)


def _serve(
    connection: socket.socket, context: ssl.SSLContext | None, end: End, speak: Speak
) -> None:
    connection.settimeout(10)
    if context is None:
        end.heard.append(hear(connection))
        speak(connection)
        return
    with context.wrap_socket(connection, server_side=True) as secured:
        end.heard.append(hear(secured))
        speak(secured)


def _server_context(file: Path, end: End) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)

    def note(_socket: object, name: str | None, _context: object) -> None:
        end.names.append(name)

    context.sni_callback = note
    return context


def certificate(folder: Path, name: str) -> Path:
    """A certificate for a name, signed by itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)  # noqa: TID251  TLS looks at the machine's clock
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    path = folder / f"{name}.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + made.public_bytes(Encoding.PEM))
    return path
