"""Which refusals a call can be answered by, for the API document; every refusal in any test must be named here.

Rules refuse by themselves: these rows say what they do, and decide nothing.
"""

from collections.abc import Iterable, Iterator
from re import findall

from mockspaces.contract import control, errors, oauth_errors
from mockspaces.contract.rows import Endpoint, Surface

# What each call of a surface can be answered, whatever it is about. The server itself refuses what it cannot read.
_ALL = (
    errors.REQUEST_INVALID,
    errors.METHOD_NOT_ALLOWED,
    errors.REQUEST_TIMEOUT,
    errors.REQUEST_TOO_LARGE,
    errors.HEAD_TOO_LARGE,
    errors.SERVER_ERROR,
    errors.SERVER_STOPPING,
    errors.NOT_STORED,
)
OF_SURFACE: dict[Surface, tuple[str, ...]] = {
    "accounts": _ALL,
    "rest": _ALL,
    "storage": _ALL,
    "control": _ALL,
}

# These find no call, so that the identity server refuses in the style of none: as a page.
PAGES = frozenset({errors.METHOD_NOT_ALLOWED, errors.ROUTE_NOT_FOUND})

# Of calls that look at a credential: it is judged before anything is known of the call (ERR-ORDER-01).
OF_CREDENTIAL = (
    errors.CREDENTIAL_MISSING,
    errors.CREDENTIAL_MALFORMED,
    errors.CREDENTIAL_INVALID,
    errors.CREDENTIAL_EXPIRED,
    errors.APP_INACTIVE,
    errors.SERVICE_ACCOUNT_DISABLED,
    errors.KIND_NOT_ALLOWED,
)
OF_REST_CREDENTIAL = (*OF_CREDENTIAL, errors.SCOPE_MISSING, errors.RATE_LIMITED)
OF_STORAGE = (errors.FILE_NOT_FOUND, errors.STORAGE_FORBIDDEN)
OF_CONTROL_TOKEN = (errors.CREDENTIAL_MISSING, errors.CREDENTIAL_INVALID, errors.KIND_NOT_ALLOWED)

# By the parameter of a path: what an id that nothing has gives rise to.
OF_PARAMETER = {
    "spaceId": errors.SPACE_NOT_FOUND,
    "inviteId": errors.INVITE_NOT_FOUND,
    "messageId": errors.MESSAGE_NOT_FOUND,
    "ideaId": errors.IDEA_NOT_FOUND,
    "taskId": errors.TASK_NOT_FOUND,
    "fileId": errors.FILE_NOT_FOUND,
    "meetingId": errors.MEETING_NOT_FOUND,
    "recordingId": errors.RECORDING_NOT_FOUND,
    "token": errors.TOKEN_NOT_FOUND,
    "userId": errors.USER_NOT_FOUND,
    "attendeeId": errors.USER_NOT_FOUND,
    "id": errors.SETTINGS_NOT_FOUND,
    # Of the control API.
    "username": errors.USER_NOT_FOUND,
    "company": errors.COMPANY_NOT_FOUND,
    "iss": errors.APP_NOT_FOUND,
    "kid": errors.KEY_NOT_FOUND,
    "publickeyid": errors.KEY_NOT_FOUND,
    "name": errors.WORLD_NOT_FOUND,
}

# By what is entered: the checks of steps 4 to 6c (ERR-ORDER-01).
_STRANGER = (errors.OTHER_COMPANY, errors.MEMBERS_ONLY, errors.PERMISSION_DENIED)  # also of the space of a message
_SPACE = (errors.SPACE_NOT_FOUND, *_STRANGER)
OF_ENTRANCE: dict[str, tuple[str, ...]] = {
    "self": (errors.PERMISSION_DENIED,),
    "colleague": (errors.PERMISSION_DENIED,),
    "settings": (errors.PERMISSION_DENIED,),
    "partner": (errors.PERMISSION_DENIED, errors.OTHER_COMPANY),
    "room": (errors.USER_NOT_FOUND,),
    "invite": (errors.MEMBERS_ONLY,),
    "own invite": (errors.PERMISSION_DENIED,),
    "meeting": (*_SPACE, errors.ARCHIVED),
    "party": (*_SPACE, errors.ARCHIVED),
    "recording": (*_SPACE, errors.ARCHIVED),
    **dict.fromkeys(("message", "editable message", "idea", "task", "file"), _STRANGER),
    "viewer token": (errors.FILE_NOT_FOUND,),
    "space token": (),
}

# By what is created: policy and state of the space, and its author.
OF_CREATION = (errors.POLICY_FORBIDS, errors.ARCHIVED, errors.PERMISSION_DENIED)

# By the call: what its rules refuse.
_REDIRECTING = (oauth_errors.UNTRUSTED_REQUEST,)  # whatever else is wrong is told to the client
_SPACES = (errors.SPACE_NOT_FOUND, errors.OTHER_COMPANY, errors.MEMBERS_ONLY, errors.PERMISSION_DENIED)
_INVITEES = (errors.PERMISSION_DENIED, errors.USER_NOT_FOUND, errors.OTHER_COMPANY)
_CREATED_BY = (errors.ALREADY_EXISTS, errors.USER_NOT_FOUND, errors.PERMISSION_DENIED)  # with a creator, or seeded
_SEEDED = (*_CREATED_BY, errors.COMPANY_NOT_FOUND, errors.LICENSE_UNAVAILABLE)
OF_CALL: dict[str, tuple[str, ...]] = {
    "ACC-AUTHZ": _REDIRECTING,
    "ACC-CONSENT": _REDIRECTING,
    "ACC-DECIDE": _REDIRECTING,
    "ACC-TOKEN": (
        oauth_errors.INVALID_CLIENT,
        oauth_errors.INVALID_GRANT,
        oauth_errors.INVALID_SCOPE,
        oauth_errors.UNAUTHORIZED_CLIENT,
        oauth_errors.UNSUPPORTED_GRANT_TYPE,
    ),
    "ACC-REVOKE": (oauth_errors.INVALID_CLIENT, oauth_errors.INVALID_GRANT),
    "ACC-INFO": (oauth_errors.INVALID_TOKEN,),
    "ACC-JWT": (oauth_errors.INVALID_GRANT,),
    "USERS-MSGS": _SPACES,
    "USERS-PUSHDEL": (errors.SUBSCRIPTION_NOT_FOUND,),
    "USERS-BULK": (errors.OTHER_COMPANY,),
    "SPACES-CREATE": _INVITEES,
    "SPACES-CREATEOLD": (errors.PERMISSION_DENIED,),
    "SPACES-UPDATE": (errors.ARCHIVED,),
    "SPACES-JOIN": (errors.ARCHIVED,),
    "SPACES-INVITE": (*_INVITEES, errors.ARCHIVED),
    "SPACES-INVJOIN": (errors.ARCHIVED,),
    "SPACES-INVUPD": (*_INVITEES, errors.ARCHIVED),
    "SPACES-INVDEL": (errors.PERMISSION_DENIED, errors.ARCHIVED),
    "SPACES-ROLE": (errors.LAST_ADMIN, errors.ARCHIVED),
    "SPACES-KICK": (errors.LAST_ADMIN, errors.ARCHIVED),
    "MSG-CHAT": (errors.MESSAGE_NOT_FOUND,),  # posts and tasks comment nothing
    "MSG-UPDATE": (errors.MESSAGE_OUTDATED, errors.ARCHIVED),
    "MSG-PATCH": (errors.MESSAGE_OUTDATED, errors.ARCHIVED),
    "FILES-UP": _SPACES,
    "FILES-DOWN": (errors.FILE_NOT_FOUND, errors.PERMISSION_DENIED),
    "FILES-VIEW": (errors.FILE_NOT_FOUND,),
    "MEET-ACTIVE": (errors.MEETING_NOT_FOUND,),
    "MEET-HANDOK": (errors.USER_NOT_FOUND,),
    "MEET-HANDLOW": (errors.USER_NOT_FOUND,),
    "MISC-CALL": (errors.PERMISSION_DENIED,),
    "STO-PUT": (errors.STORAGE_MISMATCH, errors.STORAGE_FULL),
    "STO-GET": (errors.STORAGE_RANGE,),
    "CTRL-CA": (errors.ROUTE_NOT_FOUND,),
    "CTRL-WORLD-OPEN": (*_SEEDED, errors.WORLDS_EXHAUSTED),
    "CTRL-WORLD-DROP": (errors.PERMISSION_DENIED,),
    "CTRL-SEED": _SEEDED,
    "CTRL-COMPANY": _CREATED_BY,
    "CTRL-COMPANY-PATCH": (errors.USER_NOT_FOUND, errors.PERMISSION_DENIED),
    "CTRL-USER": (
        errors.ALREADY_EXISTS,
        errors.COMPANY_NOT_FOUND,
        errors.LICENSE_UNAVAILABLE,
        errors.PERMISSION_DENIED,
    ),
    "CTRL-USER-PATCH": (errors.COMPANY_NOT_FOUND, errors.LICENSE_UNAVAILABLE, errors.PERMISSION_DENIED),
    "CTRL-CLIENT": (*_CREATED_BY, errors.COMPANY_NOT_FOUND),
    "CTRL-APP": _SEEDED,
    "CTRL-APP-PATCH": (errors.LICENSE_UNAVAILABLE,),
    "CTRL-APP-JWT": (errors.KEY_NOT_FOUND,),
    "CTRL-TOKEN": (errors.USER_NOT_FOUND, errors.CLIENT_NOT_FOUND, errors.SPACE_NOT_FOUND),
    "CTRL-SPACE": (errors.USER_NOT_FOUND,),
    "CTRL-SPACE-PATCH": (errors.SPACE_NOT_FOUND,),
    "CTRL-MESSAGE": (errors.SPACE_NOT_FOUND, errors.USER_NOT_FOUND, errors.MESSAGE_NOT_FOUND),
    "CTRL-MEETING": (errors.SPACE_NOT_FOUND, errors.USER_NOT_FOUND, errors.ARCHIVED),
    "CTRL-SOCKETS-CLOSE": (errors.USER_NOT_FOUND,),
    "CTRL-PAIRING": (errors.USER_NOT_FOUND, errors.SPACE_NOT_FOUND),
    "CTRL-FAULT-DROP": (errors.FAULT_NOT_FOUND,),
}


def of(row: Endpoint) -> list[str]:
    """Return the refusals of a call by the ids of their rows, in the words of its surface."""
    return _said(row.surface, _of(row))


def of_surface(surface: Surface) -> list[str]:
    """Return the refusals of each call of a surface, whatever the call is about."""
    return _said(surface, OF_SURFACE[surface])


def _said(surface: Surface, keys: Iterable[str]) -> list[str]:
    words = oauth_errors.IN_WORDS_OF_OAUTH if surface == "accounts" else {}
    return list(dict.fromkeys(words.get(key, key) for key in keys))


def _of(row: Endpoint) -> Iterator[str]:
    parameters = findall(r"{(\w+)}", row.path)
    rest, control_call, asked = row.surface == "rest", row.surface == "control", "none" not in row.auth
    # The ids of control calls are those of different things, so that the calls say which.
    named = [one for one in parameters if one in OF_PARAMETER and not (control_call and one == "id")]
    kinds: tuple[tuple[bool, Iterable[str]], ...] = (
        (True, OF_SURFACE[row.surface]),
        # An empty parameter is another path, as is a word that is none of the row (ERR-ORDER-05).
        (bool(parameters), (errors.ROUTE_NOT_FOUND,)),
        (row.transaction == "own", (errors.WORLD_NOT_FOUND,)),  # dropped while the call waited for its turn
        (control_call and row.id not in control.OPEN, OF_CONTROL_TOKEN),
        (control_call and row.method not in control.WITHOUT_BODY, (errors.UNSUPPORTED_TYPE,)),
        (row.surface == "accounts" and "oauth" in row.auth, OF_CREDENTIAL),
        (row.csrf, (oauth_errors.CSRF_FAILED,)),
        (rest and asked, OF_REST_CREDENTIAL),
        (rest and "oauth" in row.auth, (errors.SCOPE_OAUTH_MISSING,)),
        (rest and bool(row.enters), OF_ENTRANCE.get(row.enters, _SPACE)),
        (row.creates is not None, OF_CREATION),
        (row.act_as_scope is not None, (errors.OTHER_COMPANY, errors.USER_NOT_FOUND)),
        (bool(row.pin), (errors.PIN_REQUIRED, errors.PIN_WRONG)),
        ("direct" in row.refuses, (errors.DIRECT_NOT_ALLOWED,)),
        (row.surface == "storage", OF_STORAGE),
        (True, (OF_PARAMETER[one] for one in named)),
        (True, OF_CALL.get(row.id, ())),
    )
    bound = not rest or "svc" in row.auth  # apps alone are bound to their company there (AUTH-SVC-15)
    found = (code for holds, codes in kinds if holds for code in codes)
    return (code for code in found if bound or code != errors.OTHER_COMPANY)
