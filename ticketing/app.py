"""The composition root: the only file that knows every real part.

Everything below takes its collaborators as arguments; here they are made, once per
process, from the settings of a home.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version

from apiflask import APIFlask

from ticketing import config
from ticketing.clerk import Clerk
from ticketing.config import Settings
from ticketing.courier import Courier
from ticketing.domain.accounts import Role
from ticketing.domain.jobs import JobKind
from ticketing.domain.museum import Museum
from ticketing.domain.sign_in import SignInRules
from ticketing.domain.webhooks import HookRules
from ticketing.edge.chance import SystemChance
from ticketing.edge.channels.webchat import WebChat
from ticketing.edge.clock import SystemClock
from ticketing.edge.keystore import FileKeyStore
from ticketing.edge.links import SignedLinks
from ticketing.edge.mail import SmtpMailer
from ticketing.edge.painter import Painter
from ticketing.edge.passkeys import WebAuthn
from ticketing.edge.passwords import Argon2Passwords
from ticketing.edge.post import Post
from ticketing.edge.press import Press
from ticketing.edge.sheets import Sheets
from ticketing.edge.signer import FileSigner
from ticketing.edge.totp import Totp
from ticketing.edge.wording import FileWording
from ticketing.home import secret
from ticketing.logs import gather, log_to_stderr
from ticketing.postman import Postman
from ticketing.service.board import StoredBoard
from ticketing.service.code_exports import Exporter
from ticketing.service.code_imports import Importer
from ticketing.service.ports import House
from ticketing.store.unit import Store
from ticketing.web.factory import create_app
from ticketing.web.limits import Limits
from ticketing.web.parts import Parts
from ticketing.worker import Worker


@dataclass(frozen=True, slots=True)
class App:
    """The real parts of one process."""

    settings: Settings
    store: Store
    house: House

    def web(self) -> APIFlask:
        """The WSGI application."""
        return create_app(
            Parts(
                store=self.store,
                house=self.house,
                painter=Painter(),
                sheets=Sheets(),
                press=Press(),
                session_key=secret(self.settings.home, "session"),
                # at least half of the threads stay free for gates and pages
                max_streams=self.settings.threads // 2,
                secure_cookies=self.settings.base_url.startswith("https://"),
                proxies=self.settings.proxies,
                version=version("einlass"),
                limits=Limits(
                    calls=self.settings.api_per_minute, searches=self.settings.searches_per_minute
                ),
            )
        )

    def keystore(self) -> FileKeyStore:
        """The issuer's keys, for the commands that change them."""
        return FileKeyStore(self.settings.home / "keys", self.house.chance)

    def worker(self) -> Worker:
        """The loop that sends messages."""
        return Worker(self.store, self.house, (WebChat(),))

    def clerk(self) -> Clerk:
        """The loop that does the long work people leave behind."""
        return Clerk(
            self.store,
            self.house,
            {JobKind.EXPORT: self.exporter(), JobKind.IMPORT: self.importer()},
        )

    def exporter(self) -> Exporter:
        """What writes codes as files."""
        return Exporter(self.store, self.house, sheets=Sheets(), press=Press())

    def importer(self) -> Importer:
        """What brings lists of codes in."""
        return Importer(self.store, self.house)

    def courier(self) -> Courier:
        """The loop that tells other programs what happens."""
        return Courier(self.store, self.house, post=Post(self.house.hook_rules))

    def mailer(self) -> SmtpMailer | None:
        """The way to the mail server, if the house has one."""
        return None if self.settings.mail is None else SmtpMailer(self.settings.mail)

    def postman(self) -> Postman:
        """The loop that sends tickets by e-mail."""
        words = FileWording(catalogue="mail")
        return Postman(self.store, self.house, self.mailer(), painter=Painter(), words=words)


def build(settings: Settings) -> App:
    """Put the parts of a home together. Raises SettingsError when a key is missing."""
    home, store = settings.home, Store(settings.database_url)
    museum = Museum(
        name=settings.museum,
        zone=settings.zone,
        address=settings.address,
        base_url=settings.base_url,
        hours=settings.hours,
        contact=settings.contact,
        capacity=settings.capacity,
        knowledge_days=settings.knowledge_days,
    )
    wording = FileWording()
    house = House(
        museum=museum,
        clock=SystemClock(),
        chance=SystemChance(),
        signer=FileSigner(home / "keys"),
        wording=wording,
        links=SignedLinks(secret(home, "links")),
        passwords=Argon2Passwords(),
        codes=Totp(),
        passkeys=WebAuthn(),
        secret=secret(home, "addresses"),
        hook_rules=HookRules(
            allow_http=settings.webhooks_allow_http, allow_private=settings.webhooks_allow_private
        ),
        can_mail=settings.mail is not None,
        sign_in_rules=SignInRules(
            strong_roles=frozenset({Role.ADMIN} if settings.admins_need_second_factor else ())
        ),
        board=StoredBoard(store, museum, wording),
    )
    return App(settings, store, house)


@contextmanager
def opened(settings: Settings) -> Iterator[App]:
    """The parts of a home for one command; the database is closed afterwards."""
    app = build(settings)
    try:
        yield app
    finally:
        app.store.close()


def wsgi() -> APIFlask:
    """What the server's processes load: the home comes from the environment."""
    log_to_stderr()
    gather("ticketing.access")
    web = build(config.load(config.home_from(None))).web()
    # What is loaded by now stays: each full look through it stopped all gates for 80 ms (measured).
    gc.collect()
    gc.freeze()
    return web
