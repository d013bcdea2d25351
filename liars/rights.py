"""Lies about who may do what."""

from collections.abc import Sequence

from liars.exchanges import Answer, Ask, Change, Request
from liars.keys import keys, signed
from liars.lie import ALL, PEOPLE, SEVERAL, WORDS, Lie, asks, refusal

SPACE = r"/(?:spaces|topics)/[0-9a-f]{24}"
# How the calls of a scope read, and whether the app of the shipped profile has it.
SCOPES = (
    ("spaces.create", "POST", "/(spaces|topics)/invite", True),
    ("spaces.delete", "DELETE", SPACE, True),
    ("spaces.settings.read", "GET", SPACE, True),
    ("spaces.settings.write", "POST", SPACE, True),
    ("spaces.chat.create", "POST", f"{SPACE}/chats", True),
    ("spaces.list", "GET", "/users/me/(spaces|topics)", False),
    ("spaces.chat.read", "GET", f"{SPACE}/messages/byref", False),
    ("spaces.direct.create", "GET", "/(spaces|topics)/direct/user/[0-9a-f]{24}", False),
    ("spaces.invite.write", "POST", f"{SPACE}/invite", False),
    ("users.search", "GET", "/users/me/colleagues", False),
    ("users.search.bulk", "POST", "/users/me/colleaguesbulk", False),
    ("spaces.post.read", "GET", f"{SPACE}/ideas", False),
    ("spaces.post.create", "POST", f"{SPACE}/ideas", False),
    ("spaces.task.read", "GET", f"{SPACE}/tasks", False),
    ("spaces.task.create", "POST", f"{SPACE}/tasks", False),
)


def mightily(*codes: str) -> Change:
    """Return the change that lets an app do what it is refused, as one with every scope of the first company."""
    fits = [refusal(code) for code in codes]

    async def change(request: Request, ask: Ask) -> Answer:
        told = await ask(request)
        if not request.header("Authorization").lower().startswith("service_app") or not any(fit(told) for fit in fits):
            return told
        return await ask(request.with_header("Authorization", f"service_app {signed(keys.mightiest)}"))

    return change


class Owners:
    """Who created each space, to let others do what they alone may."""

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}

    def permits(self, *codes: str) -> Change:
        """Return the change that lets anybody do what these codes refuse, as who created the space."""
        fits = [refusal(code) for code in codes]

        async def change(request: Request, ask: Ask) -> Answer:
            told = await ask(request)
            if told.good and request.path.endswith("/spaces/invite"):
                made = told.json["data"][0]
                self._owners[made["topicId"]] = request.header("Authorization")
            space = request.path.split("/")[3] if request.path.count("/") > 2 else ""  # noqa: PLR2004 - /api/spaces/ID
            owner = self._owners.get(space)
            return (
                await ask(request.with_header("Authorization", owner))
                if owner and any(fit(told) for fit in fits)
                else told
            )

        return change


def rights() -> Sequence[Lie]:
    """Return lies about scopes, companies and roles."""

    def on(method: str, path: str) -> str:
        return f"POST /api/spaces/invite|{method} /api{path}/?"

    def no_pin(request: Request) -> Request:
        return request.with_header("spaces-x-space-password", None)

    def own(request: Request) -> Request:
        return request.with_header("X-Avaya-Act-As", None)

    denied, stranger = ("permission.denied",), ("space.members_only",)
    pins = ("space.pin_required", "space.pin_wrong")
    table = ("SCOPE-TAB-01", "SCOPE-TAB-02", "ERR-ORDER-01", *WORDS)
    return (
        *(
            Lie(f"scope {name} is not checked", "AUTH-SVC-14", f"{method} /api{path}/?", mightily("scope.missing"), table,
                ALL if shipped else SEVERAL)
            for name, method, path, shipped in SCOPES
        ),
        Lie("an app reaches another company", "AUTH-SVC-15", rf"POST /api/spaces/invite|\w+ /api{SPACE}.*", Owners().permits("permission.other_company"),
            ("ERR-ORDER-01", "ERR-ORDER-02", "AUTH-SVC-16", "AUTH-SVC-18", "SPACES-CREATE-11"), ALL),
        Lie("any credential may act as another", "AUTH-ACT-01", r"POST /api/spaces/invite", asks(own),
            ("AUTH-ACT-02", "ERR-ORDER-04", "SPACES-CREATE-04", *WORDS), PEOPLE),
        Lie("a stranger reads a private space", "PERM-PRIV-01", on("GET", SPACE), Owners().permits(*stranger),
            ("SPACES-GET-02", "ERR-ORDER-02", "PERM-MAP-10"), SEVERAL),
        Lie("a stranger reads the members", "PERM-PRIV-01", on("GET", f"{SPACE}/members"), Owners().permits(*stranger),
            ("PERM-MAP-01", "ERR-ORDER-02"), SEVERAL),
        Lie("a stranger joins a private space", "PERM-PRIV-01", on("GET", f"{SPACE}/join"), Owners().permits(*stranger),
            ("SPACES-JOIN-06", "SPACES-CREATE-12", "ERR-ORDER-01", "PERM-MAP-10", "SPACES-KICK-03"), PEOPLE),
        Lie("a stranger chats in a private space", "PERM-PRIV-01", on("POST", f"{SPACE}/chats"),
            Owners().permits(*stranger), ("MSG-CHAT-02", "ERR-ORDER-02"), PEOPLE),
        Lie("no PIN is asked for on joining", "PERM-PIN-04", on("GET", f"{SPACE}/join"), Owners().permits(*pins),
            ("PERM-PIN-01", "PERM-PIN-02", "PERM-PIN-03", "PERM-PIN-05", "SPACES-JOIN-05"), SEVERAL),
        Lie("a member deletes a space", "PERM-MAP-03", on("DELETE", SPACE), Owners().permits(*denied),
            ("SPACES-DELETE-04", "SCOPE-TAB-02", "PERM-PRIV-01"), SEVERAL),
        Lie("a guest updates a space", "PERM-MAP-03", on("POST", SPACE), Owners().permits(*denied),
            ("SPACES-UPDATE-07", "SCOPE-TAB-02", "PERM-PRIV-01"), SEVERAL),
        Lie("a guest writes a post", "PERM-MAP-02", on("POST", f"{SPACE}/ideas"), Owners().permits(*denied),
            ("MSG-IDEA-05", "PERM-PRIV-01"), SEVERAL),
        Lie("a stranger reads the tasks of a private space", "PERM-PRIV-01", on("GET", f"{SPACE}/tasks"),
            Owners().permits(*stranger), ("MSG-TASKS-03", "ERR-ORDER-02"), SEVERAL),
        Lie("a PIN is forgotten", "PERM-PIN-01", rf"GET /api{SPACE}/join", asks(no_pin),
            ("PERM-PIN-04", "PERM-PIN-05", "SPACES-JOIN-01", "SPACES-JOIN-05", "ERR-BODY-02"), SEVERAL),
        Lie("anonymous users create spaces", "PERM-MAP-04", r"POST /api/spaces/invite", created_by_app,
            ("SPACES-CREATE-10", "ERR-ORDER-01", "PERM-ROLE-01", *WORDS)),
    )  # fmt: skip


async def created_by_app(request: Request, ask: Ask) -> Answer:
    """Create a space for anybody who may not."""
    told = await ask(request)
    if not refusal("permission.denied")(told) or not request.header("Authorization").lower().startswith("jwt"):
        return told
    return await ask(request.with_header("Authorization", f"service_app {signed(keys.mightiest)}"))
