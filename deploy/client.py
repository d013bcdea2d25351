"""A production client: host names compiled in, standard library only, nothing to configure."""

import json
import urllib.parse
import urllib.request
from typing import Any

ACCOUNTS = "https://accounts.avayacloud.com"
API = "https://spacesapis.avayacloud.com/api"
CLIENT = {"client_id": "00112233445566778899", "client_secret": "0123456789abcdef0123456789abcdef01234567"}
ANN = {"username": "ann@example.com", "password": "ann-secret", "scope": "email profile spaces"}


def call(url: str, body: bytes | None = None, token: str = "") -> Any:
    """Return the JSON of an answer; a body makes it a POST."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"} if token else {}
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - constants
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - constants
        return json.load(answer)


def main() -> None:
    """Sign in, create a space and say hello."""
    form = urllib.parse.urlencode({"grant_type": "password", **CLIENT, **ANN}).encode()
    token = call(f"{ACCOUNTS}/oauth2/access_token", form)["access_token"]
    topic = call(f"{API}/spaces/invite", json.dumps({"topic": {"title": "Room"}}).encode(), token)
    space = topic["data"][0]["topicId"]
    call(f"{API}/spaces/{space}/chats", json.dumps({"content": {"bodyText": "hello"}}).encode(), token)
    [said] = call(f"{API}/spaces/{space}/messages/byref", token=token)["data"]
    print(f"{said['sender']['displayname']} said {said['content']['bodyText']} at {API}")


main()
