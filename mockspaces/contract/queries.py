"""Query parameters of the calls that read any, for the API document; handlers read them by name.

Every other parameter is ignored (REST-REQ-01), but refused by the control API. Sources are the rows of the sections named after the endpoints.
"""

SIZE = ("size",)
REFERENCES = (*SIZE, "pageref", "nextRefObjId", "prevRefObjId")  # style R
TOKENS = (*SIZE, "page", "pageref", "pageToken", "after")  # style T
NUMBERS = (*SIZE, "page")  # style N

ROWS: dict[str, tuple[str, ...]] = {
    "USERS-SPACES": (*TOKENS, "search", "topicstatus", "topictype", "filtertype", "includedeleted"),
    "USERS-COLL": (*NUMBERS, "search", "accountid"),
    "USERS-PEOPLE": ("search",),
    "USERS-WITHDM": (*NUMBERS, "search"),
    "USERS-MSGS": ("spacelist", *TOKENS, "includedeleted"),
    "USERS-ATT": REFERENCES,
    "USERS-TASKS": (*REFERENCES, "status"),
    "USERS-IDEAS": REFERENCES,
    "USERS-PUSHDEL": ("subscriptionId", "deviceId"),
    "SPACES-MEMBERS": (*NUMBERS, "search"),
    "MSG-BYREF": REFERENCES,
    "MSG-QUERY": (
        *REFERENCES,
        "refTime",
        "direction",
        "category",
        "parentmsg_category",
        "file_only",
        "chatmsg_only",
        "searchstring",
    ),
    "MSG-IDEAS": (*REFERENCES, "page"),
    "MSG-IDEA": ("notify",),
    "MSG-TASKS": (*REFERENCES, "page"),
    "MSG-TASK": ("notify",),
    "MSG-COMMI": REFERENCES,
    "MSG-COMMT": REFERENCES,
    "MEET-LIST": REFERENCES,
    "MEDIA-TOKEN": ("isCollab",),
    "STO-PUT": ("expires", "signature"),
    "STO-GET": ("expires", "signature"),
    "ACC-INFO": ("id_token",),
    "CTRL-JOURNAL": (
        "trace",
        "surface",
        "method",
        "path",
        "route",
        "endpoint",
        "event",
        "caller",
        "status",
        "code",
        "refused",
        "since",
        "after",
        "limit",
        "format",
    ),
    "CTRL-MESSAGES": ("id", "space", "category", "sender", "text", "parent"),
}
