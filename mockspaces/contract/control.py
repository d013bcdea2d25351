"""The calls of the control API, the mock's own (CTRL-01..07)."""

from typing import Literal

from mockspaces.contract.rows import Endpoint


def _row(
    name: str, method: str, path: str, transaction: Literal["own", "none"] = "own", *, media_type: str = ""
) -> Endpoint:
    return Endpoint(
        media_type=media_type,
        id=f"CTRL-{name}",
        surface="control",
        method=method,
        path=f"/_mock{path}",
        source="the mock's own",
        transaction=transaction,
    )


OPEN = ("CTRL-HEALTH", "CTRL-CA")  # CTRL-05: what a client needs before it can speak to the mock at all
BODY_BYTES = 256 * 1024 * 1024  # a snapshot holds all stored files of a world (DM-CFG-02) and more

ROWS = (
    _row("HEALTH", "GET", "/health", "none"),
    _row("CA", "GET", "/ca.pem", "none", media_type="application/x-pem-file"),
    _row("WORLD", "GET", ""),
    _row("WORLDS", "GET", "/worlds", "none"),
    _row("WORLD-OPEN", "POST", "/worlds", "none"),
    _row("WORLD-DROP", "DELETE", "/worlds/{name}", "none"),
    _row("ORIGINS-PATCH", "PATCH", "/origins"),
    _row("RESET", "POST", "/reset", "none"),
    _row("SEED", "POST", "/seed"),
    _row("SEED-SCHEMA", "GET", "/seed.schema.json", "none"),
    _row("SNAPSHOT", "GET", "/snapshot"),
    _row("RESTORE", "PUT", "/snapshot", "none"),
    _row("COMPANY", "POST", "/companies"),
    _row("USER", "POST", "/users"),
    _row("USER-GET", "GET", "/users/{username}"),
    _row("USER-PATCH", "PATCH", "/users/{username}"),
    _row("CLIENT", "POST", "/oauth-clients"),
    _row("APP", "POST", "/service-apps"),
    _row("APP-PATCH", "PATCH", "/service-apps/{iss}"),
    _row("APP-JWT", "POST", "/service-apps/{iss}/jwt"),
    _row("KEY", "POST", "/service-apps/{iss}/keys"),
    _row("KEY-GET", "GET", "/service-apps/{iss}/keys/{kid}"),
    _row("KEY-DROP", "DELETE", "/service-apps/{iss}/keys/{kid}"),
    _row("SIGNING-KEYS", "GET", "/signing-keys"),
    _row("SIGNING-KEY-ROTATE", "POST", "/signing-keys"),
    _row("SIGNING-KEY-DROP", "DELETE", "/signing-keys/{publickeyid}"),
    _row("TOKEN", "POST", "/tokens"),
    _row("SPACE", "POST", "/spaces"),
    _row("SPACE-PATCH", "PATCH", "/spaces/{id}"),
    _row("MESSAGE", "POST", "/spaces/{id}/messages"),
    _row("MEETING", "POST", "/spaces/{id}/meeting"),
    _row("SPACES", "GET", "/spaces"),
    _row("MESSAGES", "GET", "/messages"),
    _row("SOCKETS", "GET", "/sockets"),
    _row("SOCKETS-CLOSE", "POST", "/sockets/close"),
    _row("PAIRING", "POST", "/pairings"),
    _row("CLOCK", "GET", "/clock"),
    _row("CLOCK-SET", "POST", "/clock"),
    _row("JOURNAL", "GET", "/journal", "none"),
    _row("JOURNAL-CLEAR", "DELETE", "/journal", "none"),
    _row("JOURNAL-WAIT", "POST", "/journal/wait", "none"),
    _row("SETTINGS", "GET", "/settings"),
    _row("SETTINGS-PATCH", "PATCH", "/settings"),
    _row("CONTRACT-PATCH", "PATCH", "/contract"),
    _row("UI", "GET", "/ui", media_type="text/html"),
    _row("FAULTS", "GET", "/faults"),
    _row("FAULT", "POST", "/faults"),
    _row("FAULTS-CLEAR", "DELETE", "/faults"),
    _row("FAULT-DROP", "DELETE", "/faults/{id}"),
    _row("MISBEHAVIOURS", "GET", "/misbehaviours"),
    _row("MISBEHAVE", "POST", "/misbehaviours"),
    _row("BEHAVE", "DELETE", "/misbehaviours"),
    _row("OUTBOX", "GET", "/outbox"),
    _row("OPENAPI", "GET", "/openapi.json", "none"),
    _row("DOCS", "GET", "/docs", "none", media_type="text/html"),
)
