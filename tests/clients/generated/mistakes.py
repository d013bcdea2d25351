"""Mistakes that a type checker must find: where it does not, it reports that there is nothing to ignore."""

from models import Content, JwtIssued, ListedSpace, Message, MessageBody, MockUser, TokenBody, User, UserSeed


def wrong_names(user: User, message: Message, created: MockUser) -> object:
    """Members that there are not."""
    one: UserSeed = {"username": "tess@example.com", "displayName": "Tess"}  # type: ignore[typeddict-unknown-key]
    two: MessageBody = {"content": {"bodytext": "hello"}}  # type: ignore[typeddict-unknown-key]
    three = user["userName"]  # type: ignore[typeddict-item]
    four = message["sender"]["pictureUrl"]  # type: ignore[typeddict-item]
    five = created["id"]  # type: ignore[typeddict-item]
    return one, two, three, four, five


def wrong_literals(user: User, content: Content, space: ListedSpace) -> object:
    """Words that there are not."""
    one: TokenBody = {"username": "tess@example.com", "kind": "saml"}  # type: ignore[typeddict-item]
    two = user["aType"] == "guest"  # type: ignore[comparison-overlap]
    three = content["status"] == "done"  # type: ignore[comparison-overlap]
    four = space["type"] == "room"  # type: ignore[comparison-overlap]
    five: MessageBody = {"content": {"bodyText": 1}}  # type: ignore[typeddict-item]
    return one, two, three, four, five


def missing_members(message: Message) -> object:
    """Members that have to be there, and null where it may be."""
    one: UserSeed = {"displayname": "Tess"}  # type: ignore[typeddict-item]
    two: MessageBody = {}  # type: ignore[typeddict-item]
    three: JwtIssued = {"token": "t"}  # type: ignore[typeddict-item]
    four: str = message["modified"]  # type: ignore[assignment]
    return one, two, three, four
