"""The OpenAPI document: APIFlask's, put right, and a plain page to read it on."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

from apiflask import APIBlueprint, APIFlask
from flask import Response, current_app, jsonify

from ticketing.web.access import Audience, Permission, open_to_all, permission_of
from ticketing.web.api.replay import is_replayable
from ticketing.web.api.uploads import TAKES, is_for_files
from ticketing.web.headers import cacheable
from ticketing.web.pages import page

bp = APIBlueprint("openapi", __name__, url_prefix="/api/v1", enable_openapi=False)
Json = dict[str, Any]
_PROBLEM: Final = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "ends in the reason"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "index": {"type": "integer", "description": "of the row, in a batch"},
                    "field": {"type": "string"},
                    "problem": {"type": "string"},
                },
            },
        },
        "slots": {
            "type": "array",
            "description": "the next free ones, when a slot is sold out",
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "string"},
                    "starts_at": {"type": "string", "format": "date-time"},
                    "ends_at": {"type": "string", "format": "date-time"},
                    "free": {"type": "integer"},
                },
            },
        },
    },
}
_SCHEMES: Final = {
    "key": {"type": "http", "scheme": "bearer", "description": "API key: ek_…"},
    "station": {"type": "http", "scheme": "bearer", "description": "station token: es_…"},
}
_KEY_HEADER: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The stored answer is replayed for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}


_TITLES: Final = {
    "400": "Not JSON, or an Idempotency-Key that is none",
    "401": "No key, or an unknown one",
    "403": "The key may not do this",
    "409": "The state of things forbids it",
    "413": "Too large",
}
_TOO_MANY: Final = {
    "description": "Too many calls",
    "headers": {
        "Retry-After": {"description": "seconds to wait", "schema": {"type": "integer"}},
    },
}
_SCHEME_OF: Final = {Audience.API: "key", Audience.STATION: "station", Audience.STAFF: "key"}
_PARAMETER: Final = re.compile(r"<(?:[^<>:]+:)?([^<>]+)>")


def register(app: APIFlask) -> None:
    """Tell APIFlask what it cannot see by itself."""
    app.config.update(OPENAPI_VERSION="3.1.0", SECURITY_SCHEMES=_SCHEMES, AUTO_OPERATION_ID=True)
    app.spec_processor(_put_right)


@bp.get("/openapi.json")
@open_to_all
def document() -> Response:
    """The OpenAPI 3.1 document."""
    return cacheable(jsonify(_spec()))


@bp.get("/docs")
@open_to_all
def docs() -> Response:
    """The document as a page."""
    return page("docs.html", remembered=None, spec=_spec(), groups=list(_groups(_spec())))


def _spec() -> Json:
    # Only this method of APIFlask keeps the document instead of making it each time.
    spec: Json = cast("APIFlask", current_app)._get_spec("json")  # type: ignore[assignment]  # noqa: SLF001  see above
    return spec


def _put_right(spec: Json | str) -> Json | str:
    """Bodies are required, errors are problems, permissions are said, keys are offered."""
    if isinstance(spec, str):  # only YAML would be one
        return spec
    schemas = spec["components"].setdefault("schemas", {})
    schemas["Problem"] = _PROBLEM
    _put_rows_right(schemas)
    views = _views()
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            _put_operation_right(operation, views[path, method])
    return spec


def _put_rows_right(schemas: Json) -> None:
    """Rows that are checked one by one have the shape of another schema."""
    for shape in schemas.values():
        for field in shape.get("properties", {}).values():
            row = field.pop("x-items", None)
            if row is not None:
                field["items"] = {"$ref": f"#/components/schemas/{row}"}


def _views() -> dict[tuple[str, str], object]:
    """Every view by its path as the document writes it, and its method."""
    return {
        (_PARAMETER.sub(r"{\1}", rule.rule), method.lower()): current_app.view_functions[
            rule.endpoint
        ]
        for rule in current_app.url_map.iter_rules()
        for method in rule.methods or ()
    }


def _put_operation_right(operation: Json, view: object) -> None:
    _put_body_right(operation, view)
    permission = permission_of(view)
    if permission is not None and permission.audience is not Audience.ANYONE:
        operation["security"] = [{scheme: []} for scheme in _schemes(permission)]
        operation["x-scope"] = permission.scope.value if permission.scope else "station"
        for code in ("401", "403"):
            operation["responses"].setdefault(code, {"description": _TITLES[code]})
        told = operation["responses"].get("429", {}).get("description")
        operation["responses"]["429"] = _TOO_MANY | ({"description": told} if told else {})
    if is_replayable(view):
        operation["responses"].setdefault("400", {"description": _TITLES["400"]})
        operation["parameters"] = [*operation.get("parameters", []), _KEY_HEADER]
        operation["responses"].setdefault("409", {"description": _TITLES["409"]})
    for code, answer in operation["responses"].items():
        if code >= "400":
            schema = {"$ref": "#/components/schemas/Problem"}
            answer["content"] = {"application/problem+json": {"schema": schema}}


def _put_body_right(operation: Json, view: object) -> None:
    if is_for_files(view):
        file = {"schema": {"type": "string", "format": "binary"}}
        operation["requestBody"] = {"content": dict.fromkeys(TAKES, file)}
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True
        for code in ("400", "413"):
            operation["responses"].setdefault(code, {"description": _TITLES[code]})


def _schemes(permission: Permission) -> tuple[str, ...]:
    """Each scheme alone opens the call; a station's call with a scope admits keys too."""
    own = _SCHEME_OF[permission.audience]
    is_also_for_keys = permission.audience is Audience.STATION and permission.scope is not None
    return (own, "key") if is_also_for_keys else (own,)


# ------------------------------------------------------------ the page
@dataclass(frozen=True, slots=True)
class Field:
    """One parameter or one field of a body."""

    name: str
    kind: str
    is_required: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """One call, as the page lists it."""

    method: str
    path: str
    summary: str
    needs: str
    parameters: tuple[Field, ...]
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The calls of one subject."""

    name: str
    operations: tuple[Operation, ...]


def _groups(spec: Json) -> Iterator[Group]:
    operations = [
        (operation.get("tags", [""])[0], _operation(spec, method, path, operation))
        for path, methods in spec["paths"].items()
        for method, operation in methods.items()
    ]
    for name in dict.fromkeys(tag for tag, _ in operations):
        yield Group(name, tuple(operation for tag, operation in operations if tag == name))


def _operation(spec: Json, method: str, path: str, operation: Json) -> Operation:
    return Operation(
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        needs=operation.get("x-scope", "-"),
        parameters=(*_parameters(operation), *_body_fields(spec, operation)),
        answers=tuple(sorted(operation["responses"])),
    )


def _parameters(operation: Json) -> Iterator[Field]:
    for given in operation.get("parameters", []):
        where = given["in"]
        yield Field(given["name"], f"{where}, {_kind(given['schema'])}", given["required"])


def _body_fields(spec: Json, operation: Json) -> Iterator[Field]:
    content = operation.get("requestBody", {}).get("content", {})
    for kind, media in content.items():
        if "$ref" not in media["schema"]:
            yield Field(kind, "body", is_required=True)
            continue
        name = media["schema"]["$ref"].rsplit("/", 1)[-1]
        shape = spec["components"]["schemas"][name]
        for field, schema in shape.get("properties", {}).items():
            yield Field(field, _kind(schema), field in shape.get("required", ()))


def _kind(schema: Json) -> str:
    """A schema in a few words."""
    if "anyOf" in schema:
        return " | ".join(_kind(one) for one in schema["anyOf"])
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit(".", 1)[-1]
    kind = str(schema.get("type", "any"))
    return f"{kind} ({schema['format']})" if "format" in schema else kind
