import pytest

from tests.conftest import require


def test_present_tool_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program on the PATH is answered with its path, in CI as anywhere."""
    monkeypatch.setenv("MOCKSPACES_REQUIRE_TOOLS", "1")
    assert require("sh").endswith("/sh")


def test_missing_tool_skips_on_a_developers_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the variable a missing program is a skip that names it."""
    monkeypatch.delenv("MOCKSPACES_REQUIRE_TOOLS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="needs no-such-program"):
        require("no-such-program")


def test_missing_tool_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the variable the same missing program is a failure."""
    monkeypatch.setenv("MOCKSPACES_REQUIRE_TOOLS", "1")
    with pytest.raises(pytest.fail.Exception, match="needs no-such-program"):
        require("no-such-program")
