"""Random walks over messages, comments, roles and deletion, against a model that fits on a page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from contract_tests.claims import claim
from contract_tests.kit import Cloud, Person, behaviour, only_mock

ROLES = ("admin", "member", "guest", "stranger")
KINDS = {"chats": "chat", "ideas": "idea", "tasks": "task"}
who = st.sampled_from(ROLES)


@dataclass
class Known:
    """What the model keeps of a message."""

    kind: str
    author: str
    text: str
    parent: str | None = None
    comments: int = 0
    edits: int = 0


@dataclass
class Model:
    """What a space should hold, oldest first."""

    messages: dict[str, Known] = field(default_factory=dict)

    def remove(self, key: str) -> None:
        gone = self.messages.pop(key)
        if gone.parent:
            self.messages[gone.parent].comments -= 1
        for child in [child for child, known in self.messages.items() if known.parent == key]:
            del self.messages[child]


class Walk(RuleBasedStateMachine):
    """People who do things with messages in a space of their own; the test names target and people."""

    cloud: Cloud
    people: Mapping[str, Person]

    messages: Bundle[str] = Bundle("messages")

    @initialize()
    def new_space(self) -> None:
        roster = [{"username": self.people[role].username, "role": role} for role in ("member", "guest")]
        self.space = self.cloud.open_space(self.people["admin"], members=roster)
        self.model = Model()

    def post(self, kind: str, role: str, body: Any) -> Any:
        return self.cloud.call("POST", f"/spaces/{self.space}/{kind}", self.people[role], json=body)

    @rule(
        target=messages,
        role=who,
        kind=st.sampled_from(sorted(KINDS)),
        text=st.text("ab<>'", min_size=1, max_size=5),
    )
    def create(self, role: str, kind: str, text: str) -> Any:
        answer = self.post(kind, role, {"content": {"bodyText": f"x{text}"}})
        allowed = role in (("admin", "member", "guest") if kind == "chats" else ("admin", "member"))
        assert answer.status_code == (200 if allowed else 403), answer.text
        return self.learn(answer, Known(kind, role, "")) if allowed else "nothing"

    def learn(self, answer: Any, known: Known) -> str:
        shown = answer.json()["data"][0]
        known.text = shown["content"]["bodyText"]
        key: str = shown["_id"]
        self.model.messages[key] = known
        return key

    @rule(target=messages, role=who, parent=messages)
    def comment(self, role: str, parent: str) -> Any:
        answer = self.post("chats", role, {"content": {"bodyText": "c"}, "parentMsg": {"_id": parent}})
        known = self.model.messages.get(parent)
        if role == "stranger":
            assert answer.status_code == 403, answer.text
        elif known is None:
            assert answer.status_code == 404, answer.text
        elif known.kind == "chats":
            assert answer.status_code == 400, answer.text
        else:
            known.comments += 1
            return self.learn(answer, Known("chats", role, "", parent))
        return "nothing"

    @rule(role=who, key=messages, stale=st.booleans())
    def edit(self, role: str, key: str, stale: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
        known = self.model.messages.get(key)
        body = {"_id": key, "content": {"bodyText": "edited"}, **({"modified": None} if stale else {})}
        answer = self.cloud.call("POST", f"/messages/{key}", self.people[role], json=body)
        if known is None:
            assert answer.status_code == 404, answer.text
        elif role not in ("admin", "member") or (known.kind == "chats" and known.author != role):
            assert answer.status_code == 403, answer.text
        elif stale and known.edits:
            assert (answer.status_code, answer.json()["code"]) == (400, "message.outdated")
        else:
            assert answer.status_code == 200, answer.text
            known.text, known.edits = "edited", known.edits + 1

    @rule(role=who, key=consumes(messages))
    def delete(self, role: str, key: str) -> None:
        found = self.cloud.call("POST", "/messages/deletemessages", self.people[role], json=[key]).json()
        known = self.model.messages.get(key)
        if known is None:
            assert found["notFoundMmessages"] == [key]
        elif role in ("admin", known.author):
            assert found["deletedMessages"] == [key]
            self.model.remove(key)
        else:
            assert [one["messageId"] for one in found["noPermittedMessages"]] == [key]

    @invariant()
    def lists_agree(self) -> None:
        newest_first = list(self.model.messages.items())[::-1]
        found = self.cloud.call("GET", f"/spaces/{self.space}/messages/byref?size=50", self.people["guest"]).json()[
            "data"
        ]
        wanted = [(key, KINDS[one.kind], one.text, one.comments) for key, one in newest_first][:50]
        assert [(one["_id"], one["category"], one["content"]["bodyText"], one["chatCount"]) for one in found] == wanted
        top = [key for key, known in newest_first if known.parent is None]
        data = self.cloud.call("GET", f"/spaces/{self.space}/messages/query?size=50", self.people["member"]).json()[
            "data"
        ]
        assert [one["_id"] for one in data] == top[:50]


SHOWN = ("MSG-BYREF-02", "MSG-QUERY-02", "MSG-DELETE-04", "MSG-UPDATE-04", "MSG-UPDATE-06", "PERM-MAP-06")


@behaviour(*SHOWN)
def test_random_walks_agree_with_the_model(cloud: Cloud) -> None:
    """Whatever people do with messages in whatever order, lists, counts and refusals are those of the model."""
    only_mock(cloud, "nobody sends a thousand random calls to a server of others")
    room = cloud.room()
    bound = {"cloud": cloud, "people": {role: getattr(room, role) for role in ROLES}}
    bounds = settings(
        max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    with claim(*SHOWN, "random walks agree with the model"):
        run_state_machine_as_test(type("BoundWalk", (Walk,), bound), settings=bounds)
