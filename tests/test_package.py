import subprocess
import sys
from pathlib import Path
from typing import Literal, get_origin

import pytest

import mockspaces

ROOT = Path(__file__).parent.parent
BARE = [sys.executable, "-I", "-S", "-c"]  # an interpreter without any installed package
HERE = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import mockspaces; "


@pytest.mark.parametrize("name", mockspaces.__all__)
def test_public_name_is_there(name: str) -> None:
    """Every public name can be had from the package itself, and the package tells of it."""
    found = getattr(mockspaces, name)
    assert get_origin(found) is Literal or found.__name__ == name
    assert name in dir(mockspaces)


def test_unknown_name_is_an_attribute_error() -> None:
    """What the package does not have is missed in the usual way."""
    with pytest.raises(AttributeError, match="no attribute 'Mockspace'"):
        _missing = mockspaces.Mockspace


def test_importing_the_package_loads_nothing() -> None:
    """An import of the package alone brings no module of ours and no other package with it."""
    code = HERE + "print(*(name for name in sys.modules if name.startswith('mockspaces')))"
    assert subprocess.run([*BARE, code], capture_output=True, text=True, check=True).stdout == "mockspaces\n"


def test_client_needs_no_other_package() -> None:
    """The control client can be used where nothing else is installed."""
    code = HERE + "print(mockspaces.Mockspaces('http://127.0.0.1:1/w/x').api_url)"
    done = subprocess.run([*BARE, code], capture_output=True, text=True, check=True)
    assert done.stdout == "http://127.0.0.1:1/w/x/api\n"


@pytest.mark.parametrize("name", ["Server", "create_app", "Config"])
def test_missing_extra_is_named(name: str) -> None:
    """Whoever wants the server without its extra is told what to install."""
    done = subprocess.run([*BARE, HERE + f"mockspaces.{name}"], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == (
        f"ImportError: mockspaces.{name} needs the extra server: install it from where this package came from, "
        'as in pip install "./mockspaces[server]"'
    )


def test_pytest_can_be_started_by_who_has_imported_the_package(tmp_path: Path) -> None:
    """A program that imports the package before it calls pytest is not warned that it came too early for that."""
    (tmp_path / "test_x.py").write_text("def test_x(mockspaces_seed): pass\n")
    code = "import sys, mockspaces, pytest; sys.exit(pytest.main(['-W', 'error', '-p', 'no:asyncio', '-q']))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_server_loads_nothing_for_clients() -> None:
    """What only clients and queues of python-socketio need is not loaded for a server, and can be had afterwards."""
    code = """
import sys
from mockspaces import app
app.FIRST_ANSWER_S = app.SETTLED_S = 0
app.prepare()
print(*sorted({"requests", "redis", "urllib3", "websocket", "socketio"}.intersection(sys.modules)))
import redis, requests, websocket
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("socketio\n", "")
