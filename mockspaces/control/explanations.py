"""Why an exchange ended as it did: computed when somebody asks, from what the journal keeps."""

import re
from collections.abc import Iterable, Mapping, Sequence

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.identity import authentication
from mockspaces.cloud.identity.authentication import Check
from mockspaces.cloud.kernel import jws
from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.journal import Entry, unpacked
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.spaces import access
from mockspaces.cloud.store.run import SOCKET as REALTIME
from mockspaces.cloud.store.run import Fault, Match, Occurrence
from mockspaces.contract.behaviours import catalogue
from mockspaces.contract.rows import Endpoint
from mockspaces.contract.scopes import SOCKET
from mockspaces.contract.shapes.control import Decoded, ExplainedEntry, NearMiss, RuleCheck, StatementShown
from mockspaces.control import disclosure
from mockspaces.control.call import ControlCall, Handlers
from mockspaces.control.journal import DIRECTIONS, known_entry, shown

ACT_AS = b"x-avaya-act-as"
SCHEMES = ("jwt", "bearer", "service_app", "sat")  # of credentials that are held against rules
_ID = re.compile(r"\b[A-Z]+(?:-[A-Z0-9]+)+-\d+\b")


async def explain(call: ControlCall) -> object:
    """Return an entry with the rules that its credential was held against, its statements, and faults that missed."""
    world, entry = call.world, known_entry(call.world, call.params["id"])
    endpoint = world.contract.endpoints.get(SOCKET if entry.surface == REALTIME else entry.endpoint or "")
    checks = await _checks(world, entry, endpoint)
    return ExplainedEntry(
        entry=shown(world, entry),
        checks=[RuleCheck(rule=one.rule, holds=one.holds, why=one.why, sources=one.sources) for one in checks],
        jwt=_decoded(world, entry),
        statements=_statements(world, entry, endpoint, checks),
        near=[miss for fault in world.faults.all() if (miss := _near(fault, entry))],
    )


async def _checks(world: World, entry: Entry, endpoint: Endpoint | None) -> Sequence[Check]:
    """Hold the credential of an entry against the rules as of then, and who that is against those of the endpoint."""
    sent = disclosure.sent(entry)
    if sent is None or endpoint is None or "none" in endpoint.auth:
        return []
    scheme, token = sent
    if entry.surface == REALTIME:
        types: Mapping[str, str] = world.contract.sockets.token_types
        scheme = types.get(scheme, scheme)
        if scheme == "jwt" and authentication.is_of_service_app(world, token):
            scheme = "service_app"
    if scheme.lower() not in SCHEMES:
        return []
    checks, caller = await authentication.explain(world, scheme, token, entry.time)
    return [*checks, _opened(world, entry, endpoint, caller)]


def _opened(world: World, entry: Entry, endpoint: Endpoint, caller: Caller | None) -> Check:
    """Hold whoever called against what the endpoint takes."""
    act_as = endpoint.act_as_scope is not None and any(name.lower() == ACT_AS for name, _ in unpacked(entry.head))
    scope = endpoint.act_as_scope if act_as else endpoint.scope
    rule = f"{endpoint.id} takes {', '.join(endpoint.auth)}"
    if scope:
        rule += f"; of a service app it wants the scope {scope}"
    sources = ("AUTH-SVC-14", "AUTH-OAUTH-02")
    if caller is None:
        return Check(rule, holds=None, sources=sources)
    setting = endpoint.anonymous_setting
    opened = bool(setting) and caller.kind == "anon" and bool(getattr(world.settings, setting))
    try:
        access.check_kind(endpoint, caller, act_as=act_as, anonymous=opened)
        access.check_caller(endpoint, caller)
    except Rejection as rejection:
        return Check(rule, holds=False, why=rejection.why, sources=sources)
    has = f": this one has {', '.join(caller.scopes) or 'none'}" if caller.kind == "svc" else ""
    return Check(rule + has, holds=True, sources=sources)


def _decoded(world: World, entry: Entry) -> Decoded | None:
    sent = disclosure.sent(entry)
    if sent is None:
        return None
    limits = world.contract.limits
    try:
        token = jws.read(sent[1], max_chars=limits.token_chars, max_depth=limits.json_depth)
    except jws.MalformedTokenError:
        return None
    return Decoded(header=disclosure.whole(token.header), claims=disclosure.whole(token.claims))


def _statements(
    world: World, entry: Entry, endpoint: Endpoint | None, checks: Iterable[Check]
) -> Sequence[StatementShown]:
    """Return the statements that have to do with an entry: of the rule that did not hold, its code, its endpoint."""
    texts = [source for one in checks if one.holds is False for source in one.sources]
    row = world.contract.errors.get(entry.code or "")
    texts += [row.source if row else "", endpoint.source if endpoint else ""]
    known = catalogue()
    ids = dict.fromkeys(found for text in texts for found in _ID.findall(text) if found in known)
    return [StatementShown(id=one, statement=known[one].statement, evidence=known[one].evidence) for one in ids]


def _near(fault: Fault, entry: Entry) -> NearMiss | None:
    """Return why a planned fault did not happen, if it missed by one thing."""
    if fault.why in entry.why:
        return None
    met = Occurrence(
        surface=entry.surface,
        endpoint=entry.endpoint,
        method="" if entry.method in DIRECTIONS else entry.method,
        path=entry.path,
        event=entry.event,
        caller=entry.caller,
        outgoing=entry.method == DIRECTIONS[1],
    )
    wanted = {name: value for name in Match.__struct_fields__ if (value := getattr(fault.match, name)) is not None}
    missed = [name for name, value in wanted.items() if not Match(**{name: value}).fits(met)]
    if len(missed) == 1 and len(wanted) > 1:
        name = missed[0]
        return NearMiss(fault=fault.id, why=f"it wants {name} {wanted[name]}, this was {getattr(met, name) or 'none'}")
    if missed or not fault.spent:
        return None
    return NearMiss(fault=fault.id, why=f"it fits, but has happened as often as it may: {fault.fired} times")


HANDLERS: Handlers = {
    "CTRL-JOURNAL-ENTRY": Handler(explain),
}
