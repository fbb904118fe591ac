"""Discount codes at a gate; in the service room.

A code that is good is a pending scan: it shows what it takes off each offer that it is for, and
nothing is reserved. Confirming redeems it under the scan's own id; declining, or five minutes,
leave it; an annul gives it back. It counts no person.

Which code a scan is about is kept beside the scan, which holds no text.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from ticketing.domain import codes as rules
from ticketing.domain.codes import Discount, RedemptionState, Refusal, Sale
from ticketing.domain.offers import Offer
from ticketing.service import code_guessing
from ticketing.service.code_guessing import Guesser
from ticketing.service.codes import look_up, reduced
from ticketing.service.ports import House
from ticketing.store import codes, offers, redemptions, scans
from ticketing.store.codes import Found
from ticketing.store.facts import Facts, ShownCode
from ticketing.store.redemptions import Redemption
from ticketing.store.scans import Scan, ScanState
from ticketing.store.unit import Unit
from ticketing.wire.admission import Decision, Evidence
from ticketing.wire.station_api import CodeOffer, CodeView
from ticketing.wire.textclass import TYPO, Classified, TextClass
from ticketing.wire.verdict import Reason, Verdict

MOST_SHOWN: Final = 6
"""Offers that a gate can show at once; the dearest."""
_ASKED: Final = hashlib.sha256(b"gate").digest()[:16]
_GOOD: Final = Decision(Verdict.DISCOUNT, Reason.OK_CODE)


def is_code(scan: Scan) -> bool:
    """Whether a scan is one of a discount code."""
    return scan.text_class == TextClass.DISCOUNT_CODE.value


def is_redeemed(scan: Scan) -> bool:
    """Whether a scan has redeemed a code, and still does."""
    is_confirmed = scan.state is ScanState.CONFIRMED
    return is_code(scan) and is_confirmed and scan.decision.verdict is Verdict.DISCOUNT


# ------------------------------------------------------------ what is known
def with_shown(
    unit: Unit, house: House, facts: Facts, *, text: Classified, guesser: Guesser
) -> Facts:
    """The facts with the code that was shown, if it is one of ours.

    Raises:
        Throttled: This station has shown too many wrong ones.
    """
    if text.kind is not TextClass.DISCOUNT_CODE or facts.scan is not None:
        return with_kept(unit, facts)
    code_guessing.check_wait(unit, house, guesser, now=house.clock.now())
    found = None if text.detail == TYPO else look_up(unit, text.folded)
    return replace(facts, code=_shown(unit, found))


def with_kept(unit: Unit, facts: Facts) -> Facts:
    """The facts with the code that their scan is about, while it is there."""
    scan = facts.scan
    if scan is None or not is_code(scan):
        return facts
    return replace(facts, code=_shown(unit, codes.of_scan(unit, scan.scan_id)))


def _shown(unit: Unit, found: Found | None) -> ShownCode | None:
    if found is None:
        return None
    batch, visitor = found.batch, found.code.visitor
    uses = 0
    if visitor is not None and batch.per_visitor is not None:
        uses = redemptions.uses_of(unit, batch=batch.number, visitor=visitor)
    return ShownCode(found=found, offers=offers.listed(unit), visitor_uses=uses)


# ------------------------------------------------------------ what comes of it
def decide(shown: ShownCode | None, *, detail: str, now: datetime) -> Decision:
    """The verdict on a code; `detail` is the text's own."""
    if shown is None:
        return Decision(Verdict.REFUSE, Reason.UNKNOWN_CODE, Evidence(detail=detail))
    judged = _judged(shown, now)
    if isinstance(judged, Discount):
        return _GOOD
    evidence = Evidence(at=judged.at, until=judged.until, detail=judged.detail)
    return Decision(Verdict.REFUSE, judged.reason, evidence)


def keeping(facts: Facts, judged: Scan, *, at: datetime) -> Callable[[Unit, Scan], bool]:
    """How a confirmed scan is written: with its redemption, if it is one."""
    shown = facts.code
    if shown is None or judged.decision.verdict is not Verdict.DISCOUNT:
        return scans.settle
    one = _redemption(shown, judged, at=at)

    def settle(unit: Unit, scan: Scan) -> bool:
        is_new = scans.settle(unit, scan)
        return is_new and redemptions.add(unit, one, found=shown.found)

    return settle


def redeem(unit: Unit, facts: Facts, scan: Scan, *, at: datetime) -> bool:
    """Redeem in the caller's transaction what staff confirmed without the service.

    False if somebody was faster: nothing of the transaction may be kept.
    """
    shown = facts.code
    if shown is None or scan.decision.verdict is not Verdict.DISCOUNT:
        return True
    return redemptions.add(unit, _redemption(shown, scan, at=at), found=shown.found)


def give_back(unit: Unit, scan: Scan, *, at: datetime) -> None:
    """Release what a scan has redeemed, in the caller's transaction."""
    one = redemptions.find(unit, scan.scan_id.hex()) if is_code(scan) else None
    if one is not None and one.source == "gate":
        redemptions.release(unit, one, at=at)


def view(facts: Facts, decision: Decision) -> CodeView | None:
    """What the gate shows of a code that is good, or was redeemed."""
    shown = facts.code
    if shown is None or decision.verdict is not Verdict.DISCOUNT:
        return None
    batch = shown.found.batch
    by_price = sorted(reduced(batch, shown.offers), key=lambda one: -one[0].price_cents)
    return CodeView(
        batch=batch.name,
        kind=batch.effect.kind.value,
        value=batch.effect.value,
        offers=tuple(_offer_view(offer, cents) for offer, cents in by_price[:MOST_SHOWN]),
    )


# ------------------------------------------------------------ parts of the above
def _judged(shown: ShownCode, now: datetime) -> Discount | Refusal:
    """Whoever shows a bound code is its visitor; of any other the visitor is not known."""
    found = shown.found
    sale = Sale(visitor=found.code.visitor, visitor_uses=shown.visitor_uses)
    return rules.judge(found.batch, found.code, sale, offers=shown.offers, now=now)


def _redemption(shown: ShownCode, scan: Scan, *, at: datetime) -> Redemption:
    found = shown.found
    wanted = rules.applicable(found.batch, shown.offers)
    discount = rules.takes_off(found.batch, Sale(), wanted)
    only = wanted[0].number if len(wanted) == 1 else None
    return Redemption(
        id=scan.scan_id.hex(),
        code=found.code.bits,
        batch=found.batch.number,
        state=RedemptionState.REDEEMED,
        offer=only,
        amount_cents=discount.amount_cents,
        off_cents=discount.off_cents,
        visitor=found.code.visitor,
        gate=scan.gate,
        station=scan.station,
        source="gate",
        asked=_ASKED,
        at=at,
    )


def _offer_view(offer: Offer, reduced_cents: int) -> CodeOffer:
    return CodeOffer(
        offer=offer.slug,
        offer_name=offer.name,
        price_cents=offer.price_cents,
        reduced_cents=reduced_cents,
        currency=offer.currency,
    )
