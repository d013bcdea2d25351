"""Service-app scopes: each opens exactly one endpoint (SCOPE-TAB-01..03, seed 000 section 3)."""

from mockspaces.contract.rows import Role, Scope

ADMINS: tuple[Role, ...] = ("admin",)
ADMINS_AND_MEMBERS: tuple[Role, ...] = ("admin", "member")
SOCKET = "SOCKET"

ACCOUNTS_USERS_BULK_WRITE = "accounts.users.bulk.write"
SPACES_CHAT_CREATE = "spaces.chat.create"
SPACES_CHAT_READ = "spaces.chat.read"
SPACES_CREATE = "spaces.create"
SPACES_CREATE_ACTAS = "spaces.create.actas"
SPACES_DELETE = "spaces.delete"
SPACES_DIRECT_CREATE = "spaces.direct.create"
SPACES_INVITE_WRITE = "spaces.invite.write"
SPACES_LIST = "spaces.list"
SPACES_SETTINGS_READ = "spaces.settings.read"
SPACES_SETTINGS_WRITE = "spaces.settings.write"
SPACES_WEBSOCKET = "spaces.websocket"
USERS_SEARCH = "users.search"
USERS_SEARCH_BULK = "users.search.bulk"
SPACES_POST_READ = "spaces.post.read"
SPACES_POST_CREATE = "spaces.post.create"
SPACES_TASK_READ = "spaces.task.read"
SPACES_TASK_CREATE = "spaces.task.create"
SPACES_MESSAGES_WRITE = "spaces.messages.write"


ROWS = (
    Scope(
        name=ACCOUNTS_USERS_BULK_WRITE,
        endpoint="USERS-BULK",
        purpose="Create, update or delete users in bulk",
        source="seed 000",
        confidence="D",
    ),
    Scope(
        name=SPACES_CHAT_CREATE,
        endpoint="MSG-CHAT",
        purpose="Send chat messages into a space",
        source="seed 000",
        confidence="D",
    ),
    Scope(
        name=SPACES_CHAT_READ,
        endpoint="MSG-BYREF",
        roles=ADMINS_AND_MEMBERS,
        purpose="Read messages of a space",
        source="seed 000",
        confidence="D",
    ),
    Scope(
        name=SPACES_CREATE,
        endpoint="SPACES-CREATE",
        purpose="Create a space",
        source="seed 000",
        confidence="D",
    ),
    Scope(
        name=SPACES_CREATE_ACTAS,
        endpoint="SPACES-CREATE",
        purpose="Create a space for somebody else",
        source="seed 000",
        confidence="D",
    ),
    Scope(
        name=SPACES_DELETE,
        endpoint="SPACES-DELETE",
        roles=ADMINS,
        purpose="Delete a space",
        source="seed 000",
        confidence="D",
    ),
    Scope(
        name=SPACES_DIRECT_CREATE,
        endpoint="SPACES-DIRECT",
        purpose="Open a direct space with another user",
        source="seed 000",
        confidence="D",
    ),
    Scope(
        name=SPACES_INVITE_WRITE,
        endpoint="SPACES-INVITE",
        roles=ADMINS,
        purpose="Invite people to a space",
        source="seed 000",
        confidence="D",
    ),
    Scope(name=SPACES_LIST, endpoint="USERS-SPACES", purpose="List spaces", source="seed 000", confidence="D"),
    Scope(
        name=SPACES_SETTINGS_READ,
        endpoint="SPACES-GET",
        roles=ADMINS,
        purpose="Read the settings of a space",
        source="seed 000",
        confidence="D",
    ),
    Scope(
        name=SPACES_SETTINGS_WRITE,
        endpoint="SPACES-UPDATE",
        roles=ADMINS,
        purpose="Change the settings of a space",
        source="seed 000",
        confidence="D",
    ),
    Scope(
        name=SPACES_WEBSOCKET,
        endpoint=SOCKET,
        purpose="Open the Socket.IO connection",
        source="seed 000",
        confidence="D",
    ),
    Scope(name=USERS_SEARCH, endpoint="USERS-COLL", purpose="Search users", source="seed 000", confidence="D"),
    Scope(
        name=USERS_SEARCH_BULK,
        endpoint="USERS-COLLBULK",
        purpose="Look up a list of e-mails",
        source="seed 000",
        confidence="D",
    ),
    Scope(
        name=SPACES_POST_READ,
        endpoint="MSG-IDEAS",
        roles=ADMINS_AND_MEMBERS,
        purpose="Read posts of a space",
        source="seed 000",
        confidence="D",
    ),
    Scope(
        name=SPACES_POST_CREATE,
        endpoint="MSG-IDEA",
        roles=ADMINS_AND_MEMBERS,
        purpose="Create a post in a space",
        source="seed 000",
        confidence="D",
    ),
    Scope(
        name=SPACES_TASK_READ,
        endpoint="MSG-TASKS",
        roles=ADMINS_AND_MEMBERS,
        purpose="Read tasks of a space",
        source="seed 000",
        confidence="D",
    ),
    Scope(
        name=SPACES_TASK_CREATE,
        endpoint="MSG-TASK",
        roles=ADMINS_AND_MEMBERS,
        purpose="Create a task in a space",
        source="seed 000",
        confidence="D",
    ),
    Scope(
        name=SPACES_MESSAGES_WRITE,
        endpoint="MSG-UPDATE",
        roles=ADMINS_AND_MEMBERS,
        purpose="Change a post or task",
        source="seed 000",
        confidence="D",
    ),
)
