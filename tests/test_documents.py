import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockspaces.app import create_app, read_seed
from mockspaces.client import Mockspaces
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.config import Config
from mockspaces.contract.limits import Limits
from mockspaces.documents import Document
from mockspaces.handwritten import line_of
from mockspaces.server import Server

SEED = """{
  "settings": {"rest.pin_scope": "join"},
  "companies": [
    {"name": "Acme", "domains": ["acme.example"]}
  ],
  "users": [
    {"username": "zoe@acme.example"},
    {"username": "max@acme.example",
     "company_admin": true, "developer": true}
  ],
  "service_apps": [
    {"scopes": ["spaces.create"]}
  ]
}
"""


@pytest.mark.parametrize(
    ("member", "line"),
    [
        ("settings", 2),
        ("settings.rest.pin_scope", 2),
        ("companies[0].domains", 4),
        ("companies[0].domains[0]", 4),
        ("users", 6),
        ("users[1]", 8),
        ("users[1].developer", 9),
        ("users[1].nothing", 8),
        ("users[7]", 6),
        ("service_apps[0].scopes", 12),
        ("nothing", 1),
        ("", 1),
    ],
)
def test_line_of_a_member(member: str, line: int) -> None:
    """A member is found on its line; what is missing is looked for at what would hold it."""
    assert line_of(SEED, member) == line


@given(st.text(alphabet='{}[],:"ab1 \n') | st.text(), st.text(alphabet="ab.[]01"))
def test_line_of_anything_is_a_line(name: str, member: str) -> None:
    """Whatever a name or a member looks like, the answer is a line of the document."""
    text = json.dumps({name: [{name: 1}]}, indent=1)
    assert 1 <= line_of(text, member) <= text.count("\n") + 1


@pytest.mark.parametrize(
    ("wrong", "right", "hint"),
    [
        ('"developer": true', '"developper": true', 'line 9: users[1].developper: no such member; did you mean "dev'),
        ('"developer": true', '"developer": 1', "line 9: users[1].developer: expected"),
        ('"users"', '"user"', 'line 6: user: no such member; did you mean "users"'),
        ("max@acme.example", "no address", "line 8: users[1].username: expected an e-mail"),
        ('"spaces.create"', '"spaces.creat"', 'line 12: service_apps[0].scopes: no scope "spaces.creat"; did you'),
        ("max@acme", "zoe@acme", "line 8: users[1]: "),
        ("rest.pin_scope", "rest.pin_scop", 'did you mean "rest.pin_scope"'),
        ('"developer": true}', '"developer": true', "line 10, column 3: is not JSON"),
    ],
)
def test_bad_seed_file_is_refused_by_line_and_member(tmp_path: Path, wrong: str, right: str, hint: str) -> None:
    """Whether a seed is no JSON, has a wrong member or asks for the impossible: file, line and member are named."""
    path = tmp_path / "seed.json"
    path.write_text(SEED.replace(wrong, right, 1))
    with pytest.raises(Rejection) as refusal, Server(Config(port=0, seed=str(path))):
        pass
    assert refusal.value.why.startswith(str(path))
    assert hint in refusal.value.why


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ('{"username": "nobody@acme.example", "text": "x"}', "spaces[0]: messages[0]: there is no user"),
        ('{"username": "zoe@acme.example", "text": " "}', "spaces[0].messages[0].content.bodyText"),
        ('{"username": "zoe@acme.example", "txt": "x"}', 'messages[0].txt: no such member; did you mean "text"'),
    ],
)
def test_bad_message_in_a_seed_is_found(tmp_path: Path, message: str, hint: str) -> None:
    """A message that cannot be written is refused by its place in its space."""
    path = tmp_path / "seed.json"
    space = f'"spaces": [{{"title": "Room", "owner": "zoe@acme.example", "messages": [{message}]}}]'
    path.write_text(SEED.replace('"service_apps"', space + ', "service_apps"'))
    with pytest.raises(Rejection) as refusal, Server(Config(port=0, seed=str(path))):
        pass
    assert hint in refusal.value.why


def test_messages_of_a_seed_are_there(tmp_path: Path) -> None:
    """A space comes with what was said in it, in order, archived or not."""
    path = tmp_path / "seed.json"
    messages = [{"username": "zoe@acme.example", "text": "it's on"}]
    messages.append({"username": "max@acme.example", "text": "do it", "category": "task"})
    space = {"title": "Old", "owner": "zoe@acme.example", "archived": True, "messages": messages}
    path.write_text(json.dumps({**json.loads(SEED), "spaces": [space]}))
    with Server(Config(port=0, seed=str(path))) as running, Mockspaces(running.url) as mock:
        found = [(message.sender, message.category, message.text) for message in mock.messages()]
        assert found == [("zoe@acme.example", "chat", "it's on"), ("max@acme.example", "task", "do it")]
        assert mock.spaces()[0].archived


def test_good_seed_file_is_read(tmp_path: Path) -> None:
    """A seed document of a file is planted as it is, with a byte order mark as without."""
    path = tmp_path / "seed.json"
    path.write_text(SEED, encoding="utf-8-sig")
    assert [user.username for user in read_seed(str(path)).users] == ["zoe@acme.example", "max@acme.example"]
    create_app(Config(seed=str(path)))


def test_seed_file_may_hold_what_the_control_api_takes(tmp_path: Path) -> None:
    """The bound of what one request of a client may hold is none for a file of whoever runs the mock."""
    path, people = tmp_path / "seed.json", Limits().json_containers + 1
    path.write_text(json.dumps({"users": [{"username": f"u{number}@example.com"} for number in range(people)]}))
    assert len(read_seed(str(path)).users) == people
    assert len(Document(str(path)).read(dict[str, Any])["users"]) == people  # an overlay is read so


class LittleYaml:
    """Stands for PyYAML, which the tests do not install."""

    class YAMLError(Exception):
        """As PyYAML has it."""

    @staticmethod
    def safe_load(text: str) -> object:
        """Know four documents."""
        circle: list[object] = []
        circle.append(circle)
        if text == "broken":
            raise LittleYaml.YAMLError("while parsing\n  line 2")
        return {"date": {"users": [{"username": date(2031, 2, 3)}]}, "circle": circle}.get(text, {"users": []})


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("broken", "is not YAML that JSON could hold: while parsing line 2"),
        ("circle", "is not YAML that JSON could hold: "),
        ("date", "users[0].username: expected an e-mail"),
    ],
)
def test_bad_yaml_seed_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, hint: str
) -> None:
    """Whatever PyYAML makes of a file, the refusal is one line with the file's name."""
    monkeypatch.setitem(sys.modules, "yaml", LittleYaml)
    path = tmp_path / "seed.yaml"
    path.write_text(text)
    with pytest.raises(Rejection) as refusal, Server(Config(port=0, seed=str(path))):
        pass
    assert refusal.value.why.startswith(f"{path}: ")
    assert hint in refusal.value.why
    assert "\n" not in refusal.value.why


def test_yaml_seed_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A YAML file is a seed like any other where PyYAML is installed."""
    monkeypatch.setitem(sys.modules, "yaml", LittleYaml)
    path = tmp_path / "seed.yml"
    path.write_text("anything")
    assert read_seed(str(path)).users == ()


def test_yaml_seed_without_the_package_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A YAML seed where PyYAML is not installed is refused with the name of the package."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    path = tmp_path / "seed.yaml"
    path.write_text("users: []")
    with pytest.raises(Rejection, match="PyYAML"):
        read_seed(str(path))
