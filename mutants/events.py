"""Mutants of what the socket says: each field of each event dropped, recipients too few or too many.

All events of the namespace leave through one place, and that is where these rules break them.
"""

from mutants.rule import Rule, Rules

HUB = "mockspaces.realtime.hub"
ANNOUNCE = "Hub.announce"

# The fields of each event, and the behaviours that speak of them.
FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "CHANNEL_SUBSCRIBED": (("channel", "dtsid", "sessionId"), ("RT-SUB-",)),
    "CHANNEL_UNSUBSCRIBED": (("channel",), ("RT-UNSUB-",)),
    "SUBSCRIBE_CHANNEL_FAILED": (("channel", "error"), ("RT-SUB-",)),
    "MESSAGE_SENT": (
        ("_id", "category", "topicId", "topicTitle", "topicType", "sender", "created", "content"),
        ("RT-SENT-", "RT-MSG-"),
    ),
    "SEND_MESSAGE_FAILED": (("category", "topicId", "content", "sender", "error"), ("RT-FAIL-", "RT-MSG-")),
    "PRESENCE_EVENT_RESPONSE": (("category", "topicId", "sender", "content"), ("RT-PRES-",)),
    "MEDIA_SESSION_RESPONSE": (
        ("_id", "messageId", "topicId", "category", "sender", "modified", "created", "content"),
        ("RT-MED-", "RT-CALL-"),
    ),
    "APP_PAIRING_AUTHORIZED": (
        ("isPairingAuthorized", "channel", "authorizer", "pairing_info", "sipInfo", "accessToken", "app"),
        ("RT-PAIR-",),
    ),
}


def _without(event: str, field: str) -> Rule:
    rendered = "await render(group[0])"
    kept = f'{{key: value for key, value in ({rendered}).items() if (name, key) != ("{event}", "{field}")}}'
    return Rule(HUB, ANNOUNCE, rendered, kept)


def _to(event: str, others: str) -> Rule:
    chosen = f'({others} if name == "{event}" else connections)'
    return Rule(HUB, ANNOUNCE, "for connection in connections", f"for connection in {chosen}")


def event_rules() -> Rules:
    """Return every broken event by name."""
    rules: Rules = {}
    for event, (fields, breaks) in FIELDS.items():
        rules |= {f"event {event} without {field}": (_without(event, field), breaks) for field in fields}
        rules[f"event {event} misses one"] = _to(event, "connections[1:]"), breaks
        rules[f"event {event} for everybody"] = _to(event, "self.world.presence.all()"), breaks
    return rules
