"""Parameters of queries, forms and headers by call, with types, defaults and bounds; handlers read them by name.

Every other parameter is ignored (REST-REQ-01), but refused by the control API. How many items a page may have is a
limit, and how many it has where nothing is said a column of the endpoint's row.
"""

from mockspaces.contract.rows import Endpoint, Parameter

ID = "^[0-9a-f]{24}$"
MILLISECONDS = "^[0-9]{1,15}$"
SIZE = Parameter(name="size", type="integer", minimum=1, source="PAGE-SIZE-01", confidence="D")
PAGE = Parameter(name="page", type="integer", minimum=0, default=0, source="PAGE-N-01", confidence="D")
OPAQUE_PAGEREF = Parameter(name="pageref", source="PAGE-R-03", confidence="D")
PAGEREF = Parameter(name="pageref", type="integer", default=0, source="PAGE-R-03", confidence="D")
NEXT = Parameter(name="nextRefObjId", pattern=ID, source="PAGE-R-01", confidence="D")
PREVIOUS = Parameter(name="prevRefObjId", pattern=ID, source="PAGE-R-01", confidence="D")
PAGE_TOKEN = Parameter(name="pageToken", source="PAGE-T-01", confidence="D")
AFTER = Parameter(name="after", type="integer", minimum=0, source="REST-TIME-02", confidence="D")
OLD_PAGE = Parameter(name="page", type="integer", minimum=0, source="USERS-SPACES-01, PAGE-T-01", confidence="D")
OFFSET = Parameter(name="page", type="integer", minimum=0, default=0, source="PAGE-R-04", confidence="C")
SEARCH = Parameter(name="search", most=200, source="PAGE-RX-01", confidence="D")
DELETED = Parameter(name="includedeleted", type="boolean", default=False, source="USERS-SPACES-06", confidence="D")
NOTIFY = Parameter(name="notify", type="boolean", default=True, source="MSG-IDEA-01", confidence="D")
EXPIRES = Parameter(name="expires", required=True, pattern="^[0-9]+$", source="STO-PUT-04")
SIGNATURE = Parameter(name="signature", required=True, source="STO-PUT-04")
REFERENCES = (SIZE, OPAQUE_PAGEREF, NEXT, PREVIOUS)  # style R
TOKENS = (SIZE, OLD_PAGE, PAGEREF, PAGE_TOKEN, AFTER)  # style T
NUMBERS = (SIZE, PAGE)  # style N


def _text(name: str, source: str, *, required: bool = False, words: tuple[str, ...] = ()) -> Parameter:
    return Parameter(name=name, source=source, confidence="D", required=required, words=words)


def _own(name: str, **members: object) -> Parameter:
    """Return a parameter of the control API."""
    return Parameter(name=name, source="the mock's own", **members)  # type: ignore[arg-type]  # members of a row


AUTHORIZATION = (
    _text("client_id", "ACC-AUTHZ-01", required=True),
    _text("redirect_uri", "ACC-AUTHZ-02", required=True),
    _text("response_type", "ACC-AUTHZ-03", words=("code", "token", "esjwtcode")),
    Parameter(
        name="access_type", words=("online", "offline"), default="offline", source="ACC-AUTHZ-04", confidence="D"
    ),
    _text("scope", "ACC-AUTHZ-05"),
    _text("state", "ACC-AUTHZ-06"),
    _text("code_challenge", "ACC-AUTHZ-07"),
    _text("code_challenge_method", "ACC-AUTHZ-07", words=("S256", "plain")),
    _text("nonce", "ACC-AUTHZ-08"),
    _text("login_hint", "ACC-AUTHZ-08"),
    _text("prompt", "ACC-AUTHZ-08"),
)

ROWS: dict[str, tuple[Parameter, ...]] = {
    "ACC-AUTHZ": AUTHORIZATION,
    "ACC-CONSENT": AUTHORIZATION,
    "ACC-DECIDE": AUTHORIZATION,
    "ACC-LOGIN": (_text("next", "ACC-LOGIN-01"), _text("product_name", "ACC-LOGIN-01")),
    "ACC-SIGNIN": (_text("next", "ACC-SIGNIN-01"),),
    "ACC-LOGOUT": (_text("next", "ACC-LOGOUT-01"),),
    "ACC-DIR": (_text("search", "ACC-DIR-01"),),
    "ACC-INFO": (_text("id_token", "ACC-INFO-01", required=True),),
    "USERS-SPACES": (
        *TOKENS,
        SEARCH,
        Parameter(name="topicstatus", words=("0", "1", "all"), default="0", source="USERS-SPACES-03", confidence="D"),
        Parameter(
            name="topictype",
            pattern="^(group|direct|personal|all)(,(group|direct|personal|all))*$",
            default="group",
            source="USERS-SPACES-04",
            confidence="D",
        ),
        Parameter(name="filtertype", words=("pinned", ""), source="USERS-SPACES-05", confidence="D"),
        DELETED,
    ),
    "USERS-COLL": (*NUMBERS, SEARCH, _text("accountid", "USERS-COLL-01")),
    "USERS-PEOPLE": (SEARCH,),
    "USERS-WITHDM": (*NUMBERS, SEARCH),
    "USERS-MSGS": (
        Parameter(
            name="spacelist",
            required=True,
            pattern="^[0-9a-f]{24}( *, *[0-9a-f]{24}){0,14}$",
            source="USERS-MSGS-01",
            confidence="D",
        ),
        *TOKENS,
        DELETED,
    ),
    "USERS-ATT": REFERENCES,
    "USERS-TASKS": (
        *REFERENCES,
        Parameter(name="status", words=("pending", "completed"), source="USERS-TASKS-01", confidence="C"),
    ),
    "USERS-IDEAS": REFERENCES,
    "USERS-PUSHDEL": (
        _text("subscriptionId", "USERS-PUSHDEL-01", required=True),
        _text("deviceId", "USERS-PUSHDEL-01", required=True),
    ),
    "SPACES-MEMBERS": (*NUMBERS, SEARCH),
    "MSG-BYREF": REFERENCES,
    "MSG-QUERY": (
        *REFERENCES,
        _text("refTime", "MSG-QUERY-01"),
        Parameter(name="direction", words=("after", "before"), default="after", source="MSG-QUERY-01", confidence="D"),
        _text("category", "MSG-QUERY-02", words=("chat", "idea", "task")),
        Parameter(
            name="parentmsg_category",
            words=("none", "idea", "task"),
            default="none",
            source="MSG-QUERY-02",
            confidence="D",
        ),
        _text("file_only", "MSG-QUERY-03"),
        _text("chatmsg_only", "MSG-QUERY-03"),
        _text("searchstring", "MSG-QUERY-04"),
    ),
    "MSG-IDEAS": (*REFERENCES, OFFSET),
    "MSG-IDEA": (NOTIFY,),
    "MSG-TASKS": (*REFERENCES, OFFSET),
    "MSG-TASK": (NOTIFY,),
    "MSG-COMMI": REFERENCES,
    "MSG-COMMT": REFERENCES,
    "MEET-LIST": REFERENCES,
    "MEDIA-TOKEN": (Parameter(name="isCollab", type="boolean", source="MEDIA-TOKEN-01", confidence="C"),),
    "STO-PUT": (EXPIRES, SIGNATURE),
    "STO-GET": (EXPIRES, SIGNATURE),
    "CTRL-JOURNAL": (
        _own("trace"),
        _own("surface"),
        _own("method"),
        _own("path"),
        _own("route"),
        _own("endpoint"),
        _own("event"),
        _own("caller"),
        _own("status"),
        _own("code"),
        _own("refused", type="boolean"),
        _own("since"),
        _own("after", type="integer"),
        _own("limit", type="integer", minimum=1),
        _own("format", words=("json", "har"), default="json"),
    ),
    "CTRL-JOURNAL-SEARCH": (_own("text", required=True),),
    "CTRL-CHECK": (_own("hosts"),),
    "CTRL-UI-SOCKETS": (_own("page", type="integer", minimum=0, default=0),),
    "CTRL-UI-SOCKET": (_own("page", type="integer", minimum=0, default=0),),
    "CTRL-UI-THINGS": (_own("q"), _own("page", type="integer", minimum=0, default=0)),
    "CTRL-METRICS": (_own("worlds", words=("all",)),),
    "CTRL-EVENTS": (_own("after", type="integer", minimum=0),),
    "CTRL-MESSAGES": (
        _own("id"),
        _own("space"),
        _own("category", words=("chat", "idea", "task", "meeting")),
        _own("sender"),
        _own("text"),
        _own("parent"),
    ),
}

# Forms of the identity server; other fields are refused (ACC-TOKEN-01).
FORMS: dict[str, tuple[Parameter, ...]] = {
    "ACC-TOKEN": (
        _text("grant_type", "ACC-TOKEN-01", words=("authorization_code", "refresh_token", "password"), required=True),
        _text("client_id", "ACC-TOKEN-01"),
        _text("client_secret", "ACC-TOKEN-01"),
        _text("code", "ACC-TOKEN-01"),
        _text("redirect_uri", "ACC-TOKEN-01"),
        _text("code_verifier", "ACC-TOKEN-01"),
        _text("refresh_token", "ACC-TOKEN-01"),
        _text("username", "ACC-TOKEN-01"),
        _text("password", "ACC-TOKEN-01"),
        _text("scope", "ACC-TOKEN-01"),
    ),
    "ACC-REVOKE": (
        _text("client_id", "ACC-REVOKE-01"),
        _text("refresh_token", "ACC-REVOKE-01"),
        _text("token", "ACC-REVOKE-01"),
    ),
    "ACC-SIGNIN": (
        _text("csrfmiddlewaretoken", "ACC-SIGNIN-01", required=True),
        _text("next", "ACC-SIGNIN-01"),
        _text("username", "ACC-SIGNIN-01"),
        _text("password", "ACC-SIGNIN-01"),
    ),
    "ACC-DECIDE": (
        _text("csrfmiddlewaretoken", "ACC-DECIDE-04", required=True),
        _text("decision", "ACC-DECIDE-01", words=("allow", "deny"), required=True),
    ),
}

PIN = Parameter(name="spaces-x-space-password", source="PERM-PIN-01", confidence="D")
ACT_AS = Parameter(name="X-Avaya-Act-As", source="AUTH-ACT-01", confidence="D")
IF_NONE_MATCH = Parameter(name="If-None-Match", source="REST-RES-04", confidence="C")
RANGE = Parameter(name="Range", source="the mock's own")


def headers(row: Endpoint) -> tuple[Parameter, ...]:
    """Return the headers that a call reads, beside its credential."""
    found = []
    if row.pin:
        found.append(PIN)
    if row.act_as_scope:
        found.append(ACT_AS)
    if row.surface == "rest" and row.method == "GET":
        found.append(IF_NONE_MATCH)
    if row.surface == "storage" and row.method == "GET":
        found.append(RANGE)
    return tuple(found)
