"""The links for humans: pages of the web app, which the mock only acknowledges (MISC-WEB-01)."""

from mockspaces.contract.rows import Endpoint

DEFAULT_PICTURE = "/norevimages/noimage.jpg"  # ACC-IMG-01: of whoever has none of their own

_SOURCE = "docs: guides/invitations, guides/personal-meeting-room, api/spaces_calling/uri_functionality"


def _row(name: str, path: str) -> Endpoint:
    return Endpoint(id=f"WEB-{name}", surface="web", method="GET", path=path, source=_SOURCE, confidence="D")


ROWS = (
    _row("JOIN", "/spaces/invites/{inviteId}/join"),
    _row("MEET", "/spaces/invites/{inviteId}/meet"),
    _row("SPACE", "/spaces/{spaceId}"),
    _row("ROOM", "/u/{email}"),
    _row("CHAT", "/d/chat"),
    _row("CALL", "/d/call"),
)
