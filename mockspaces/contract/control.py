"""The calls of the control API, the mock's own (CTRL-01..07)."""

from typing import Literal

from mockspaces.contract.rows import Endpoint


def _row(
    name: str,
    method: str,
    path: str,
    answer: str,
    transaction: Literal["own", "none"] = "own",
    *,
    media_type: str = "",
) -> Endpoint:
    return Endpoint(
        answer=answer,
        media_type=media_type,
        id=f"CTRL-{name}",
        surface="control",
        method=method,
        path=f"/_mock{path}",
        source="the mock's own",
        transaction=transaction,
    )


OPEN = ("CTRL-HEALTH", "CTRL-CA")  # CTRL-05: what a client needs before it can speak to the mock at all
SHELL = ("CTRL-UI", "CTRL-UI-ENTRY")  # CTRL-04: without the token an empty page that asks for it
BODY_BYTES = 256 * 1024 * 1024  # a snapshot holds all stored files of a world (DM-CFG-02) and more

ROWS = (
    _row("HEALTH", "GET", "/health", "health", "none"),
    _row("CA", "GET", "/ca.pem", "", "none", media_type="application/x-pem-file"),
    _row("WORLD", "GET", "", "world"),
    _row("WORLDS", "GET", "/worlds", "worlds", "none"),
    _row("WORLD-OPEN", "POST", "/worlds", "opened world", "none"),
    _row("WORLD-DROP", "DELETE", "/worlds/{name}", "nothing", "none"),
    _row("ORIGINS-PATCH", "PATCH", "/origins", "urls"),
    _row("RESET", "POST", "/reset", "nothing", "none"),
    _row("SEED", "POST", "/seed", "nothing"),
    _row("SEED-SCHEMA", "GET", "/seed.schema.json", "object", "none"),
    _row("SNAPSHOT", "GET", "/snapshot", "snapshot"),
    _row("RESTORE", "PUT", "/snapshot", "nothing", "none"),
    _row("COMPANY", "POST", "/companies", "mock company"),
    _row("COMPANY-PATCH", "PATCH", "/companies/{company}", "mock company"),
    _row("USER", "POST", "/users", "mock user"),
    _row("USER-GET", "GET", "/users/{username}", "mock user"),
    _row("USER-PATCH", "PATCH", "/users/{username}", "mock user"),
    _row("CLIENT", "POST", "/oauth-clients", "OAuth client"),
    _row("APP", "POST", "/service-apps", "service app"),
    _row("APP-PATCH", "PATCH", "/service-apps/{iss}", "state of an app"),
    _row("APP-JWT", "POST", "/service-apps/{iss}/jwt", "JWT of an app"),
    _row("KEY", "POST", "/service-apps/{iss}/keys", "key file"),
    _row("KEY-GET", "GET", "/service-apps/{iss}/keys/{kid}", "key file"),
    _row("KEY-DROP", "DELETE", "/service-apps/{iss}/keys/{kid}", "nothing"),
    _row("SIGNING-KEYS", "GET", "/signing-keys", "signing keys"),
    _row("SIGNING-KEY-ROTATE", "POST", "/signing-keys", "signing keys"),
    _row("SIGNING-KEY-DROP", "DELETE", "/signing-keys/{publickeyid}", "signing keys"),
    _row("TOKEN", "POST", "/tokens", "credential"),
    _row("SPACE", "POST", "/spaces", "created space"),
    _row("SPACE-PATCH", "PATCH", "/spaces/{id}", "state of a space"),
    _row("MESSAGE", "POST", "/spaces/{id}/messages", "message"),
    _row("MEETING", "POST", "/spaces/{id}/meeting", "meeting"),
    _row("SPACES", "GET", "/spaces", "mock spaces"),
    _row("MESSAGES", "GET", "/messages", "mock messages"),
    _row("SOCKETS", "GET", "/sockets", "sockets"),
    _row("SOCKETS-CLOSE", "POST", "/sockets/close", "closed sockets"),
    _row("PAIRING", "POST", "/pairings", "pairing"),
    _row("CLOCK", "GET", "/clock", "clock"),
    _row("CLOCK-SET", "POST", "/clock", "clock"),
    _row("JOURNAL", "GET", "/journal", "journal", "none"),
    _row("JOURNAL-ENTRY", "GET", "/journal/{id}", "explained entry", "none"),
    _row("EVENTS", "GET", "/events", "", "none", media_type="text/event-stream"),
    _row("JOURNAL-CLEAR", "DELETE", "/journal", "nothing", "none"),
    _row("JOURNAL-WAIT", "POST", "/journal/wait", "awaited journal", "none"),
    _row("SETTINGS", "GET", "/settings", "world settings"),
    _row("SETTINGS-PATCH", "PATCH", "/settings", "world settings"),
    _row("CONTRACT-PATCH", "PATCH", "/contract", "nothing"),
    _row("UI", "GET", "/ui", "", media_type="text/html"),
    _row("UI-ENTRY", "GET", "/ui/journal/{id}", "", media_type="text/html"),
    _row("FAULTS", "GET", "/faults", "planned faults"),
    _row("FAULT", "POST", "/faults", "planned fault"),
    _row("FAULTS-CLEAR", "DELETE", "/faults", "nothing"),
    _row("FAULT-DROP", "DELETE", "/faults/{id}", "planned fault"),
    _row("MISBEHAVIOURS", "GET", "/misbehaviours", "misbehaviours"),
    _row("MISBEHAVE", "POST", "/misbehaviours", "misbehaviour"),
    _row("BEHAVE", "DELETE", "/misbehaviours", "nothing"),
    _row("OUTBOX", "GET", "/outbox", "outbox"),
    _row("OPENAPI", "GET", "/openapi.json", "object", "none"),
    _row("ASYNCAPI", "GET", "/asyncapi.json", "object", "none"),
    _row("DOCS", "GET", "/docs", "", "none", media_type="text/html"),
)
