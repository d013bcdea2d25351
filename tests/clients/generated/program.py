"""A program over the types that datamodel-code-generator makes from the API document: no cast, no ignored error."""

import sys

import httpx
from models import (
    AnonymousUser,
    DataOfMessage,
    HostedWorld,
    MessageBody,
    MockUser,
    OAuthIssued,
    PageOfListedMessageOrListedMeeting,
    TokenBody,
    User,
    UserSeed,
)


def main(origin: str) -> None:
    """Open a world, let somebody in, and have them write a task."""
    world: HostedWorld = httpx.post(f"{origin}/_mock/worlds", json={"name": "generated-py"}).json()
    with httpx.Client(base_url=world["urls"]["prefix"]["control"].removesuffix("/_mock")) as mock:
        tess: UserSeed = {"username": "tess@example.com", "displayname": "Tess"}
        user: MockUser = mock.post("/_mock/users", json=tess).json()
        wanted: TokenBody = {"username": user["username"], "kind": "oauth"}
        issued: OAuthIssued = mock.post("/_mock/tokens", json=wanted).json()
        mock.headers["Authorization"] = f"{issued['scheme']} {issued['token']}"
        me: User | AnonymousUser = mock.get("/api/users/me").json()
        assert me["_id"] == user["_id"]
        body = {"topic": {"type": "group", "title": "Plans"}}
        space = mock.post("/api/spaces/invite", json=body).json()["data"][0]["topicId"]
        task: MessageBody = {"content": {"bodyText": "Write it", "dueDate": "2031-02-03T04:05:06.789Z"}}
        created: DataOfMessage = mock.post(f"/api/spaces/{space}/tasks", json=task).json()
        assert created["data"][0]["content"]["dueDate"] == "2031-02-03T04:05:06.789Z"
        listed: PageOfListedMessageOrListedMeeting = mock.get(f"/api/spaces/{space}/messages/query").json()
        assert [one["category"] for one in listed["data"]] == ["task"]
    httpx.delete(f"{origin}/_mock/worlds/{world['name']}").raise_for_status()


if __name__ == "__main__":
    main(sys.argv[1])
