"""A stand-up bot: it opens a space each morning, listens to what people type there, and keeps their tasks.

It is a service app: it signs its own JWTs with the key file of the developer portal. Ordinary libraries only:
httpx and PyJWT for the REST API, python-socketio (4 or 5) for the socket.
"""

import threading
import time
from collections.abc import Mapping
from typing import Any

import httpx
import jwt
import socketio

AUDIENCE = "spaces.avayacloud.com"
LIFE_S = 600
EARLY_S = 30  # a token is renewed before it runs out, not when it has
HELP = "I know: !help, !task <title>, !done"


class Refused(Exception):
    """The cloud said no, and asking again would not help; ``code`` says why."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


class Credential:
    """A JWT of the service app that is signed anew shortly before it expires."""

    def __init__(self, key: Mapping[str, str]) -> None:
        self._key = key
        self._token = ""
        self._expires = 0.0

    def __str__(self) -> str:
        if time.time() > self._expires - EARLY_S:
            self._sign()
        return self._token

    def forget(self) -> None:
        """Sign anew next time, because the cloud did not like this one."""
        self._expires = 0

    def _sign(self) -> None:
        self._expires = time.time() + LIFE_S
        claims = {"iss": self._key["iss"], "sub": self._key["sub"], "aud": AUDIENCE, "exp": int(self._expires)}
        self._token = jwt.encode(claims, self._key["private_key"], "RS256", headers={"kid": self._key["kid"]})


class Cloud:
    """The REST API as the bot uses it: patient when the cloud is busy, and never twice with a stale token."""

    def __init__(self, api: str, key: Mapping[str, str], *, tries: int = 4, longest_pause: float = 30) -> None:
        self.credential = Credential(key)
        self._http = httpx.Client(base_url=api, timeout=10, trust_env=False)
        self._tries = tries
        self._longest_pause = longest_pause

    def close(self) -> None:
        self._http.close()

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST and return the answer. Raises `Refused`, or the last `httpx.TransportError`."""
        answer: dict[str, Any] = self._ask("POST", path, json=body).json()
        return answer

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._ask("GET", path, params=params).json()
        return answer

    def _ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        signed_anew = False
        for left in reversed(range(self._tries)):
            headers = {"Authorization": f"service_app {self.credential}"}
            try:
                answer = self._http.request(method, path, headers=headers, **content)
            except httpx.TransportError:
                if not left or method != "GET":  # nobody knows whether a POST has had its effect
                    raise
                continue
            if answer.status_code == 401 and not signed_anew:
                self.credential.forget()
                signed_anew = True
            elif answer.status_code in (429, 503) and left:
                time.sleep(min(float(answer.headers.get("retry-after", 0.1)), self._longest_pause))
            elif answer.is_error:
                raise _refused(answer)
            else:
                return answer
        raise _refused(answer)


def _refused(answer: httpx.Response) -> Refused:
    try:
        code = str(answer.json()["code"])
    except (ValueError, KeyError, TypeError):
        code = ""
    return Refused(answer.status_code, code)


class Bot:
    """The stand-up of one space."""

    def __init__(self, cloud: Cloud, socket_url: str, socketio_path: str = "socket.io") -> None:
        self._cloud = cloud
        self._socket_url = socket_url
        self._socketio_path = socketio_path
        self._socket = socketio.Client(reconnection=False)
        self._own_id = ""
        self.space = ""
        self.subscribed = threading.Event()
        self.problems: list[str] = []
        for event, handler in (
            ("connect", self._joined),
            ("CHANNEL_SUBSCRIBED", lambda _payload: self.subscribed.set()),
            ("MESSAGE_SENT", self._heard),
            ("SEND_MESSAGE_FAILED", lambda payload: self.problems.append(payload["error"])),
        ):
            self._socket.on(event, handler, namespace="/chat")

    def open(self, title: str, people: list[str]) -> str:
        """Create the space of today, invite people, say hello there, and return its id."""
        invitees = [{"inviteeType": "email", "invitee": person, "role": "member"} for person in people]
        made = self._cloud.post("/spaces/invite", {"topic": {"title": title}, "invitees": invitees})
        self.space = made["data"][0]["topicId"]
        hello = self.say(f"Good morning! {HELP}")
        self._own_id = hello["sender"]["_id"]
        return self.space

    def say(self, text: str) -> dict[str, Any]:
        """Send a chat message and return it."""
        answer = self._cloud.post(f"/spaces/{self.space}/chats", {"content": {"bodyText": text}})
        message: dict[str, Any] = answer["data"][0]
        return message

    def listen(self) -> None:
        """Connect and subscribe; from then on the bot answers."""
        url = f"{self._socket_url}?token={self._cloud.credential}&tokenType=service_app"
        options = {"transports": ["websocket"], "namespaces": ["/chat"], "socketio_path": self._socketio_path}
        self._socket.connect(url, **options)
        if not self.subscribed.wait(5):
            raise TimeoutError("the cloud did not confirm the subscription")

    def close(self) -> None:
        self._socket.disconnect()
        self._cloud.close()

    def _joined(self) -> None:
        channel = {"type": "topic", "_id": self.space}
        self._socket.emit("SUBSCRIBE_CHANNEL", {"channel": channel}, namespace="/chat")

    def _heard(self, payload: Mapping[str, Any]) -> None:
        if payload["category"] != "chat" or payload["sender"]["_id"] == self._own_id:
            return
        command, _, rest = payload["content"]["bodyText"].partition(" ")
        try:
            if command == "!help":
                self.say(HELP)
            elif command == "!task":
                self._note(rest.strip(), payload["sender"])
            elif command == "!done":
                self.say(f"{self._open_tasks()} tasks are open")
        except (Refused, httpx.TransportError) as problem:
            self.problems.append(str(problem))

    def _note(self, title: str, person: Mapping[str, Any]) -> None:
        if not title:
            self.say("A task needs a title: !task <title>")
            return
        body = {"content": {"bodyText": title, "assignees": [person["_id"]]}}
        self._cloud.post(f"/spaces/{self.space}/tasks", body)
        self.say(f"Noted for {person['displayname']}: {title}")

    def _open_tasks(self) -> int:
        tasks = self._cloud.get(f"/spaces/{self.space}/tasks")["data"]
        return sum(task["content"]["status"] == "pending" for task in tasks)
