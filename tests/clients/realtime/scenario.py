"""What an application does on the socket, with the python-socketio of this interpreter, 4 or 5.

``python scenario.py <options as JSON>`` prints one JSON line per step that succeeded. It runs in environments
that have nothing but the library, so it imports nothing else.
"""

import json
import os
import queue
import sys
import time
import traceback
import urllib.request
from typing import Any
from urllib.parse import urlencode

import socketio

PATIENCE_S = 5
OPTIONS = json.loads(sys.argv[1])
CHANNEL = {"_id": OPTIONS["space"], "type": "topic"}
EVENTS = ("MESSAGE_SENT", "CHANNEL_SUBSCRIBED", "CHANNEL_UNSUBSCRIBED", "PRESENCE_EVENT_RESPONSE")


def done(step: str) -> None:
    """Say that a step succeeded."""
    print(json.dumps(step), flush=True)  # noqa: T201 - the test reads it


class Client:
    """A client of the library and the events it heard."""

    def __init__(self, credential: Any) -> None:
        self.heard: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.library = socketio.Client(reconnection_delay=0.02, randomization_factor=0)
        for event in (*EVENTS, "connect", "connect_error", "disconnect"):
            self.library.on(event, self._listener(event), namespace="/chat")
        url = f"{OPTIONS['url']}?{urlencode(credential)}"
        options: dict[str, Any] = {"transports": ["websocket"], "namespaces": ["/chat"]}
        if OPTIONS["path"]:
            options["socketio_path"] = OPTIONS["path"]
        try:
            self.library.connect(url, **options)
        except socketio.exceptions.ConnectionError as error:  # what 5 raises when the namespace refuses
            self.heard.put(("connect_error", error))

    def _listener(self, event: str) -> Any:
        def listen(*payload: Any) -> None:
            self.heard.put((event, payload[0] if payload else None))

        return listen

    def next(self, event: str, **content: Any) -> Any:
        """Wait for an event whose content has these members."""
        while True:
            name, payload = self.heard.get(timeout=PATIENCE_S)
            if name == event and all(payload["content"].get(key) == value for key, value in content.items()):
                return payload

    def emit(self, event: str, payload: Any, **options: Any) -> None:
        """Send an event."""
        self.library.emit(event, payload, namespace="/chat", **options)

    def subscribe(self) -> None:
        """Subscribe to the space."""
        self.emit("SUBSCRIBE_CHANNEL", {"channel": CHANNEL, "version": "1.1"})
        self.next("CHANNEL_SUBSCRIBED")

    def chat(self, text: str) -> None:
        """Send a chat message."""
        self.emit("SEND_MESSAGE", {"category": "chat", "topicId": CHANNEL["_id"], "content": {"bodyText": text}})

    def presence(self, category: str, content: Any) -> None:
        """Send a presence event."""
        self.emit("SEND_PRESENCE_EVENT", {"category": category, "topicId": CHANNEL["_id"], "content": content})


def main() -> None:
    """Go through the steps."""
    refused = Client({"token": "bad", "tokenType": "jwt"})
    refused.next("connect_error")
    refused.library.disconnect()
    done("refused")

    for credential in OPTIONS["credentials"]:
        client = Client(credential)
        client.next("connect")
        client.library.disconnect()
        done(f"connected with {credential['tokenType']}")

    one, other = (Client(credential) for credential in OPTIONS["credentials"][:2])
    for client in (one, other):
        client.next("connect")
        client.subscribe()
    done("subscribed")

    for speaker, listener, words in ((one, other, "hello"), (other, one, "grüß Gott 👋")):
        speaker.chat(words)
        for client in (speaker, listener):
            client.next("MESSAGE_SENT", bodyText=words)
    done("chatted both ways")

    one.presence("app.event.presence.party.online", {"desktop": True})
    other.next("PRESENCE_EVENT_RESPONSE", desktop=True)
    done("present")

    blob = bytes([0, 1, 2, 250, 255])
    one.presence("blob", {"blob": blob})
    one.next("PRESENCE_EVENT_RESPONSE", blob=blob)
    done("binary returned")

    acknowledged: queue.Queue[tuple[Any, ...]] = queue.Queue()
    one.emit("NO_SUCH_EVENT", {}, callback=lambda *given: acknowledged.put(given))
    assert acknowledged.get(timeout=PATIENCE_S) == ()
    done("acknowledged")

    time.sleep(OPTIONS["idle"] / 1000)
    one.chat("still here")
    one.next("MESSAGE_SENT", bodyText="still here")
    done("survived")

    other.library.disconnect()
    request = urllib.request.Request(  # noqa: S310 - the mock on this machine
        f"{OPTIONS['control']}/sockets/close", b'{"how":"transport"}', {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request).close()  # noqa: S310 - the mock on this machine
    one.next("connect")
    one.subscribe()
    one.chat("back again")
    one.next("MESSAGE_SENT", bodyText="back again")
    done("reconnected")

    one.emit("UNSUBSCRIBE_CHANNEL", {"channel": CHANNEL})
    one.next("CHANNEL_UNSUBSCRIBED")
    done("unsubscribed")

    one.library.disconnect()
    done("disconnected")


try:
    main()
except BaseException:  # noqa: BLE001 - whatever it was, the library's threads would keep the process alive
    traceback.print_exc()
    sys.stderr.flush()
    os._exit(1)
