"""A Socket.IO program in Python as the documents have it, for python-socketio 4: the vendor's URL is compiled in."""

import json
import sys
import threading
import urllib.request

import socketio

API = "https://spacesapis.avayacloud.com/api"
CHAT = "https://spacesapis-socket.avayacloud.com"


def main() -> None:
    """Get a guest's token, connect, say so."""
    with urllib.request.urlopen(f"{API}/anonymous/auth", b"displayname=Gil", timeout=10) as answer:  # noqa: S310 - https
        token = json.load(answer)["token"]
    client, connected = socketio.Client(reconnection=False), threading.Event()
    client.on("connect", connected.set, namespace="/chat")
    client.connect(f"{CHAT}?token={token}&tokenType=jwt", transports=["websocket"], namespaces=["/chat"])
    sys.stdout.write("connected\n" if connected.wait(10) else "no answer\n")
    client.disconnect()


main()
