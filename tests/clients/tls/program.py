"""A production client as found in the wild: the vendor's host names are compiled in, nothing can be configured."""

import json
import sys

import httpx

ACCOUNTS = "https://accounts.avayacloud.com"
API = "https://spacesapis.avayacloud.com/api"
CLIENT = {"client_id": "00112233445566778899", "client_secret": "0123456789abcdef0123456789abcdef01234567"}
ANN = {"username": "ann@example.com", "password": "ann-secret", "scope": "email profile spaces"}


def main() -> None:
    """Sign in, create a space, say something, and follow whatever URL the service hands out."""
    with httpx.Client(timeout=10) as client:
        grant = client.post(f"{ACCOUNTS}/oauth2/access_token", data={"grant_type": "password", **CLIENT, **ANN}).json()
        client.headers["Authorization"] = f"Bearer {grant['access_token']}"
        me = client.get(f"{API}/users/me").json()
        picture = client.get(me["picture_url"])
        servers = client.get(f"{API}/service-configurations").json()
        space = client.post(f"{API}/spaces/invite", json={"topic": {"title": "Room"}}).json()["data"][0]["topicId"]
        client.post(f"{API}/spaces/{space}/chats", json={"content": {"bodyText": "hello"}}).raise_for_status()
        client.post(f"{API}/spaces/{space}/chats", json={"content": {"bodyText": "world"}}).raise_for_status()
        origin = servers["spaces"]["server_url"]
        first = client.get(f"{origin}/api/spaces/{space}/messages/byref", params={"size": 1}).json()
        second = client.get(f"{origin}{first['nextPageUrl']}").json()
        seen = {
            "username": me["username"],
            "picture": [me["picture_url"], picture.status_code, picture.headers["content-type"]],
            "servers": servers,
            "messages": [message["content"]["bodyText"] for page in (first, second) for message in page["data"]],
        }
    json.dump(seen, sys.stdout)


main()
