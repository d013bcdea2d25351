"""Permissions and the roles that hold them (PERM-MAP-01..10)."""

from mockspaces.contract.rows import Permission

PUBLIC = "none"
SIGNED_IN = "signed in"
OAUTH_AUTHORIZER = "OAuthAuthorizer"
TOPIC_CREATE = "PERM_TOPIC_CREATE"
TOPIC_READ = "PERM_TOPIC_READ"
TOPIC_UPDATE = "PERM_TOPIC_UPDATE"
TOPIC_TASK_READ = "PERM_TOPIC_TASK_READ"
ROLE_ADMIN = "RoleAdmin"
MESSAGE_DELETE = "PERM_MESSAGE_DELETE"
ATTENDEE_LEAVE = "TOPIC_ATTENDEE_LEAVE"
INVITE_CREATOR = "isInviteCreatorByParams"
PARTICIPANT = "participant"
OWN_OR_HIGHER = "own, or that of a lower role"
OWN_OR_ADMIN = "own or RoleAdmin"

ROWS = (
    Permission(id=PUBLIC, source="endpoint headings"),
    Permission(id=SIGNED_IN, source="ACC-CONSENT", confidence="D"),
    Permission(id=OAUTH_AUTHORIZER, source="PERM-MAP-09", confidence="D"),
    Permission(id=TOPIC_CREATE, source="PERM-MAP-04", confidence="D"),
    Permission(id=TOPIC_READ, roles=("admin", "member", "guest"), source="PERM-MAP-01", confidence="D"),
    Permission(id=TOPIC_UPDATE, roles=("admin", "member"), source="PERM-MAP-02", confidence="D"),
    Permission(id=TOPIC_TASK_READ, roles=("admin", "member", "guest"), source="PERM-MAP-05", confidence="C"),
    Permission(id=ROLE_ADMIN, roles=("admin",), source="PERM-MAP-03", confidence="D"),
    Permission(id=MESSAGE_DELETE, source="PERM-MAP-06", confidence="D"),
    Permission(id=ATTENDEE_LEAVE, source="PERM-MAP-07", confidence="D"),
    Permission(id=INVITE_CREATOR, source="PERM-MAP-08", confidence="D"),
    Permission(id=PARTICIPANT, roles=("admin", "member", "guest"), source="MSG-CHAT-02"),
    Permission(id=OWN_OR_ADMIN, source="MEET-GEN-04"),
    Permission(id=OWN_OR_HIGHER, source="MEET-GEN-04", confidence="C"),
)
