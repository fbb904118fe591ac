"""A house whose people sign in, in short words, for the tests of accounts."""

from dataclasses import dataclass, replace
from typing import Any

import pyotp

from tests.authenticator import SoftPasskey
from tests.fakes import FrozenClock
from ticketing.domain.accounts import Role, Staff
from ticketing.domain.audit import Action, Actor, ActorKind, Entry
from ticketing.domain.sign_in import Passkey, Session, SignInRules
from ticketing.service import access, audit, factors, passkeys, sign_in, staff_sessions
from ticketing.service.access import SignInRefused
from ticketing.service.ports import House, Site
from ticketing.service.sign_in import CodeNeeded
from ticketing.service.staff_sessions import Browser, Opened, SignedInAs
from ticketing.store.unit import Store

SHELL = Actor(ActorKind.COMMAND, "staff add")
PASSWORD = "Im Haus der Tiere 7"  # noqa: S105  a made-up password
SITE = Site(host="tickets.example", origin="https://tickets.example", house="Stadtmuseum")
HERE = "192.0.2.7"


@dataclass
class Office:
    """A store, a house, and what people do to sign in."""

    store: Store
    house: House
    clock: FrozenClock

    def of(self, who: Staff | Actor) -> House:
        """The house when it works for somebody."""
        return replace(self.house, actor=actor(who) if isinstance(who, Staff) else who)

    def demanding(self, *roles: Role) -> None:
        """Let these roles need more than a password from now on."""
        rules = SignInRules(strong_roles=frozenset(roles))
        self.house = replace(self.house, sign_in_rules=rules)

    def person(self, name: str = "ada", role: Role = Role.ADMIN) -> Staff:
        """Somebody with a password."""
        with self.store.unit() as unit:
            return access.add_staff(unit, self.house, name=name, password=PASSWORD, role=role)

    def by_password(
        self, name: str = "ada", password: str = PASSWORD, address: str = HERE
    ) -> SignedInAs | CodeNeeded | SignInRefused:
        """What a name and a password lead to."""
        with self.store.unit() as unit:
            return sign_in.with_password(
                unit, self.house, name=name, password=password, address=address
            )

    def by_code(self, needed: object, code: str, address: str = HERE) -> SignedInAs | SignInRefused:
        """What a code behind a password leads to."""
        assert isinstance(needed, CodeNeeded)
        with self.store.unit() as unit:
            return sign_in.with_code(
                unit, self.house, token=needed.token, code=code, address=address
            )

    def by_passkey(self, passkey: SoftPasskey, **changes: Any) -> SignedInAs | SignInRefused:
        """What a passkey leads to."""
        with self.store.unit() as unit:
            asked = sign_in.ask_passkey(unit, self.house, site=SITE)
        told = {"token": asked.token, "answer": passkey.signed(asked.options), "address": HERE}
        with self.store.unit() as unit:
            return sign_in.with_passkey(unit, self.house, site=SITE, **told | changes)

    def opened(self, who: object = None, **browser: str) -> Opened:
        """A session of somebody who has signed in, Ada by her password unless said."""
        found = self.by_password() if who is None else who
        assert isinstance(found, SignedInAs)
        with self.store.unit() as unit:
            return staff_sessions.open_session(
                unit, self.house, who=found, browser=Browser(**browser)
            )

    def find(self, key: str) -> Session | None:
        """The session of a key."""
        with self.store.unit() as unit:
            return staff_sessions.find_session(unit, self.house, key=key)

    def with_codes(self, opened: Opened) -> tuple[str, tuple[str, ...]]:
        """Switch one-time codes on; the secret and the recovery codes."""
        session, key, house = opened.session, opened.key, self.of(opened.session.staff)
        with self.store.unit() as unit:
            offer = factors.offer_codes(unit, house, session=session, key=key)
        with self.store.unit() as unit:
            code = self.code(offer.secret)
            codes = factors.take_codes(unit, house, session=session, key=key, code=code)
        return offer.secret, codes

    def code(self, secret: str, steps: int = 0) -> str:
        """What an app shows now, or so many half minutes from now."""
        return pyotp.TOTP(secret).at(self.clock.now(), counter_offset=steps)

    def with_passkey(self, opened: Opened, passkey: SoftPasskey, name: str = "Laptop") -> Passkey:
        """Add a passkey to whoever has that session."""
        told = {"session": opened.session, "key": opened.key, "site": SITE}
        with self.store.unit() as unit:
            options = passkeys.offer(unit, self.house, **told)  # type: ignore[arg-type]
        with self.store.unit() as unit:
            answer = passkey.made(options)
            made = passkeys.Made(answer=answer, name=name)
            house = self.of(opened.session.staff)
            return passkeys.add(unit, house, **told, made=made)  # type: ignore[arg-type]

    def log(self, action: Action | None = None) -> list[Entry]:
        """The lines of the audit, the newest first."""
        with self.store.unit() as unit:
            return list(audit.page(unit, wanted=audit.Wanted(action=action)).items)


def actor(staff: Staff) -> Actor:
    """A person as the audit names them."""
    return Actor(ActorKind.STAFF, staff.id)
