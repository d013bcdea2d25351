"""Mutants made from the rows of the contract: each row wrong in each of its facts."""

import re
from collections.abc import Iterator

import msgspec

from mockspaces.contract import Contract, entrances
from mockspaces.contract.behaviours import catalogue
from mockspaces.contract.rows import Endpoint, Row
from mockspaces.contract.shapes import by_name
from mockspaces.contract.shapes.schemas import Member, Schemas, members
from mutants.events import event_rules
from mutants.mutant import Mutant

WRONG_STATUS = 418
WRONG_CODE = "mutant.code"
# Sent by clients; kept or echoed as plain JSON, which overlays do not reach; or no object of its own. The settings of
# spaces are facts, and what a refused event lacks is among the events.
NEVER_BUILT = (
    *("Kept", "SpaceSettings", "PasswordRequired", "EventConference", "MpaasSettings", "Retention"),
    *("Excluded", "ControlError", "MeetingContent", "Nothing", "Said"),
    *(
        "SentChannel",
        "Subscribe",
        "Unsubscribe",
        "SentMessageContent",
        "Named",
        "SendMessage",
        "SendPresence",
        "SendMedia",
    ),
)
SHAPES = "data/test_shapes.py"
CALLER_KINDS = ("user", "anon", "oauth", "svc")
SPACE_PERMISSIONS = ("PERM_TOPIC_READ", "PERM_TOPIC_UPDATE", "PERM_TOPIC_TASK_READ", "RoleAdmin", "participant")
_ID = re.compile(r"[A-Z]+(?:-[A-Z0-9]+)+")


def all_generated() -> list[Mutant]:
    """Return every generated mutant in a stable order."""
    contract = Contract.shipped()
    mutants = [
        *_endpoints(contract),
        *_scopes(contract),
        *_permissions(contract),
        *_accounts(contract),
        *_oauth_scopes(contract),
        *_errors(contract),
        *_limits(contract),
        *_single_facts(contract),
        *_shapes(),
        *(Mutant(name, breaks, rule=name) for name, (_rule, breaks) in event_rules().items()),
    ]
    return sorted(mutants, key=lambda mutant: mutant.id)


def _served(contract: Contract) -> list[Endpoint]:
    return [row for row in contract.endpoints.values() if row.emulate and row.surface == "rest"]


def _endpoints(contract: Contract) -> Iterator[Mutant]:
    for row in _served(contract):
        for name, change in (*_changes(row), *_entering(row)):
            yield Mutant(
                f"endpoint {row.id} {name}", (f"{row.id}-", *_general(name)), _overlay("endpoints", row.id, change)
            )


def _changes(row: Endpoint) -> Iterator[tuple[str, dict[str, object]]]:
    for kind in CALLER_KINDS:
        if kind in row.auth:
            yield f"without {kind}", {"auth": [one for one in row.auth if one != kind]}
        elif "none" not in row.auth and kind != "svc":
            yield f"with {kind}", {"auth": [*row.auth, kind]}
    if row.scope:
        yield "without scope", {"scope": None}
        yield "with another scope", {"scope": "spaces.websocket"}
    if row.permission in SPACE_PERMISSIONS:
        wrong = "RoleAdmin" if row.permission != "RoleAdmin" else "PERM_TOPIC_READ"
        yield f"permission {wrong}", {"permission": wrong}
    if row.pin:
        yield "without PIN", {"pin": ""}
    if row.refuses:
        yield "refuses no type of space", {"refuses": []}
    if row.admits_strangers:
        yield "admits no strangers", {"admits_strangers": False}
    if row.page_size:
        yield "page of one more", {"page_size": row.page_size + 1}


def _entering(row: Endpoint) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield the other entrances that hand the same to the handler, and find it by what the path has."""
    right, named = entrances.ROWS[row.enters], set(re.findall(r"{(\w+)}", row.path))
    for one in entrances.ROWS.values():
        if one != right and one.hands == right.hands and named.issuperset(one.needs):
            yield f"enters {one.id or 'nothing'}", {"enters": one.id}
    if row.creates:
        yield "creates nothing", {"creates": None}


def _general(change: str) -> tuple[str, ...]:
    """Return the rules that speak of all endpoints and so may catch a change of this sort."""
    word = change.split(maxsplit=1)[0]
    if word == "permission":
        return ("PERM-MAP", "SCOPE-TAB-02")
    if "PIN" in change:
        return ("PERM-PIN",)
    if word == "creates":
        return ("PERM-POL-01",)
    if word == "enters":
        return ("PERM-HIST-01", "PERM-MAP-08", "USERS-COLL-05")
    if word == "page":
        return ("PAGE-SIZE-01",)
    if "scope" in change or "svc" in change:
        return ("SCOPE-TAB", "AUTH-SVC-14")
    if word == "refuses":
        return ("PERM-DIR", "PERM-PERS")
    return ("AUTH-HDR-06", "PERM-PRIV-01") if word in ("without", "with") else ("PERM-PRIV-01",)


def _scopes(contract: Contract) -> Iterator[Mutant]:
    for row in contract.scopes.values():
        if row.roles:
            breaks = (f"{row.endpoint}-", "SCOPE-TAB-02")
            yield Mutant(f"scope {row.name} any role", breaks, _overlay("scopes", row.name, {"roles": None}))
            narrower = ["admin"] if len(row.roles) > 1 else ["member"]
            yield Mutant(f"scope {row.name} other role", breaks, _overlay("scopes", row.name, {"roles": narrower}))


def _permissions(contract: Contract) -> Iterator[Mutant]:
    roles = ("admin", "member", "guest")
    for row in contract.permissions.values():
        holders = row.roles or ()
        breaks = (*_cited(row), *(f"{one.id}-" for one in _served(contract) if one.permission == row.id))
        for role in roles if row.roles else ():
            wrong = [one for one in holders if one != role] if role in holders else [*holders, role]
            verb = "loses" if role in holders else "gets"
            yield Mutant(
                f"permission {row.id} {verb} {role}", breaks, _overlay("permissions", row.id, {"roles": wrong})
            )


def _accounts(contract: Contract) -> Iterator[Mutant]:
    """Return the calls of the identity server with other refusals, without guard of their form, or kept by anybody."""
    for row in contract.endpoints.values():
        if row.surface == "accounts":
            wrong = "page" if row.refusals == "object" else "object"
            breaks = (f"{row.id}-", "ACC-ERR-", "ACC-AUTHZ-12", "ACC-GEN-", "ACC-SELF-02")
            change: dict[str, object] = {"refusals": wrong}
            yield Mutant(f"endpoint {row.id} refusals as {wrong}", breaks, _overlay("endpoints", row.id, change))
            for member, behaviour in (("csrf", f"{row.id}-"), ("no_store", "ACC-GEN-07")):
                if getattr(row, member):
                    overlay = _overlay("endpoints", row.id, {member: False})
                    yield Mutant(f"endpoint {row.id} without {member}", (behaviour,), overlay)


def _oauth_scopes(contract: Contract) -> Iterator[Mutant]:
    for row in contract.oauth_scopes.values():
        changes: dict[str, tuple[str, object]] = {}
        if row.consent:
            changes["consent"] = "ACC-CONSENT-01", ""
        if row.printed:  # nobody sees that another one is granted
            changes |= {"printed": ("ACC-SCOPE-07", ""), "default": ("ACC-SCOPE-05", not row.default)}
        for member, (behaviour, wrong) in changes.items():
            overlay = _overlay("oauth_scopes", row.name, {member: wrong})
            yield Mutant(f"oauth-scope {row.name} {member}", (behaviour,), overlay)


def _errors(contract: Contract) -> Iterator[Mutant]:
    for row in contract.errors.values():
        if row.source.startswith("the mock's own"):
            continue
        speaking = tuple(one.id for one in catalogue().values() if f"`{row.code}`" in one.statement)
        surface = "ACC-ERR-" if row.id.startswith("oauth.") else "CTRL-"  # the control API refuses in the same words
        breaks = (*_cited(row), *speaking, "ERR-", surface)
        yield Mutant(f"error {row.id} status", breaks, _overlay("errors", row.id, {"status": WRONG_STATUS}))
        yield Mutant(f"error {row.id} code", breaks, _overlay("errors", row.id, {"code": WRONG_CODE}))


def _limits(contract: Contract) -> Iterator[Mutant]:
    for field in msgspec.structs.fields(type(contract.limits)):
        extra = getattr(field.type, "extra", None) or getattr(field.type.__metadata__[0], "extra", {})
        breaks = tuple(_ID.findall(str(extra.get("source", ""))))
        value = getattr(contract.limits, field.name)
        for step in (1, -1):
            yield Mutant(f"limit {field.name} {step:+d}", breaks, {"limits": {field.name: value + step}})


def _single_facts(contract: Contract) -> Iterator[Mutant]:
    """Return each fact of the tables without rows wrong in each of its parts; the numbers of `limits` are apart."""
    for table in contract.__struct_fields__:
        facts = getattr(contract, table)
        if isinstance(facts, dict) or table == "limits":
            continue
        for field in msgspec.structs.fields(type(facts)):
            breaks = tuple(_ID.findall(str(field.type.__metadata__[0].extra["source"])))
            for what, wrong in _wrong(getattr(facts, field.name)):
                name = " ".join(filter(None, ("fact", table, field.name, what)))
                yield Mutant(name, breaks, {table: {field.name: wrong}})


def _shapes() -> Iterator[Mutant]:
    """Return each shape without each of its members, with it misspelt, of another type, or null; and with one more."""
    for name, shape in by_name().items():
        if name in NEVER_BUILT:
            continue
        declared = members(shape)
        for member in declared:
            breaks = tuple(_ID.findall(member.source))
            for what, change in _otherwise(member):
                overlay = _overlay("shapes", name, {member.name: change})
                yield Mutant(f"shape {name}.{member.name} {what}", breaks, overlay, first=SHAPES)
        breaks = tuple(dict.fromkeys(found for member in declared for found in _ID.findall(member.source)))
        if breaks:
            overlay = _overlay("shapes", name, {"mutant": {"value": 1}})
            yield Mutant(f"shape {name} with one more", breaks, overlay, first=SHAPES)


def _otherwise(member: Member) -> Iterator[tuple[str, dict[str, object]]]:
    yield "absent", {"absent": True}
    yield "misspelt", {"name": f"{member.name}Mutant"}
    schema = Schemas().of(member.type)
    kinds = schema.get("type", "object")
    if schema.get("type") != "null":
        yield "null", {"value": None}
    if "type" in schema or "anyOf" in schema or "$ref" in schema:  # whatever JSON it is, another type is right as well
        yield "retyped", {"type": "array" if "string" in kinds else "string"}


def _wrong(value: object) -> Iterator[tuple[str, object]]:
    """Yield other values of a fact, each with what is wrong in it."""
    match value:
        case bool():
            yield "", not value
        case int():
            yield "+1", value + 1
        case str() if not value:
            yield "", "x"
        case str():
            yield "", f"{value[:-1]}{'y' if value.endswith('x') else 'x'}"
        case tuple() | list():
            yield from ((f"without {one}", [other for other in value if other != one]) for one in value)
            if not value:
                yield "with x", ["x"]
        case dict() if not all(isinstance(one, str) for one in value.values()):
            yield from (
                (f"{key} {what}".strip(), {**value, key: wrong}) for key in value for what, wrong in _wrong(value[key])
            )
        case dict():
            yield from ((f"without {key}", {one: value[one] for one in value if one != key}) for key in value)


def _cited(row: Row) -> tuple[str, ...]:
    return tuple(_ID.findall(row.source))


def _overlay(table: str, key: str, change: dict[str, object]) -> dict[str, object]:
    return {table: {key: change}}
