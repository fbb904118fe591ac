"""Whether the process lives, whether it can work, and the public keys of its tickets."""

from apiflask import APIBlueprint
from flask import Response, jsonify

from ticketing.service import gates
from ticketing.web.access import open_to_all
from ticketing.web.headers import cacheable
from ticketing.web.parts import the_parts
from ticketing.wire.codec import to_base64url
from ticketing.wire.keys import KeyState, PublicKey

bp = APIBlueprint("health", __name__, enable_openapi=False)
_GOOD = frozenset({KeyState.NEXT, KeyState.ACTIVE, KeyState.VERIFY})


@bp.get("/healthz")
@open_to_all
def healthz() -> Response:
    """The process answers."""
    return jsonify(status="ok", version=the_parts().version)


@bp.get("/readyz")
@open_to_all
def readyz() -> Response:
    """The database answers, has our tables and did not just fail; otherwise 503."""
    try:
        with the_parts().store.unit() as unit:
            gates.list_gates(unit)
            if not unit.is_healthy:
                return _unready()
    except Exception:  # noqa: BLE001  whatever the database does, the answer is "not ready"
        return _unready()
    return jsonify(status="ok")


def _unready() -> Response:
    answer = jsonify(status="unavailable")
    answer.status_code = 503
    answer.headers["Retry-After"] = "3"
    return answer


@bp.get("/.well-known/einlass-keys")
@open_to_all
def keys() -> Response:
    """The public keys that tickets may be verified with, as a JWK set (RFC 8037), with states."""
    ring = the_parts().house.signer.ring()
    good = [_jwk(key) for key in ring.keys if key.state in _GOOD]
    # Apart from the set: whoever knows nothing of states must not trust these.
    gone = [{"kid": str(key.id), "state": key.state} for key in ring.keys if key.state not in _GOOD]
    return cacheable(jsonify(keys=good, withdrawn=gone))


def _jwk(key: PublicKey) -> dict[str, str]:
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "EdDSA",
        "use": "sig",
        "kid": str(key.id),
        "state": key.state,
        "x": to_base64url(key.raw),
    }
