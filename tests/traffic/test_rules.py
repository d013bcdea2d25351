"""What recordings can confirm, and that no rule says more than it may."""

from typing import Any

import pytest

from mockspaces.contract.behaviours import catalogue
from mockspaces.contract.endpoints import ROWS
from mockspaces.traffic import rules
from mockspaces.traffic.frames import sources
from mockspaces.traffic.verdicts import needed, verdicts
from tests.traffic.conftest import Object, Write, checked, entry

STD = {"code": "auth.credential_missing", "message": "The request has no credential."}


def test_rules_are_about_statements_and_calls_that_there_are() -> None:
    """Every statement with a rule is one of the catalogue that can be seen, and every call is a row."""
    visible = {name for name, one in catalogue().items() if one.kind == "behaviour" and not one.untested}
    assert needed().keys() <= visible
    calls = {call for rule in rules.RULES for call in rule.calls} | rules.ANSWERED.keys()
    assert calls <= {row.id for row in ROWS}


def test_forms_have_members() -> None:
    """A statement that is confirmed by its members alone has some."""
    cited = {statement for statements in sources().values() for statement in statements}
    assert cited >= rules.FORMS


def page(**members: Any) -> Object:
    whole: Object = {"data": [], "total": 0, "nextPageUrl": "", "previousPageUrl": "", **members}
    return entry(path=f"/api/spaces/{'0' * 24}/ideas", body=whole)


def header(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}


WRONG: dict[str, tuple[str, Object]] = {
    "another total": ("PAGE-ENV-01", page(total=3)),
    "a second name": ("PAGE-ENV-03", page(prevPageUrl="")),
    "201": ("REST-RES-01", entry("POST", "/api/spaces/invite", 201, {})),
    "another charset": ("REST-RES-02", entry(body={}, type="application/json")),
    "a challenge": ("REST-RES-05", entry(status=401, body=STD, headers=[header("WWW-Authenticate", "Bearer")])),
    "a status of space": ("SPACES-DELETE-01", entry("DELETE", f"/api/spaces/{'0' * 24}", 200, {"status": 1})),
    "an object": ("ACC-REVOKE-03", entry("POST", "/oauth2/revoke_token", 200, {"a": 1}, host="accounts.zang.io")),
    "a served plural": ("MEET-ACTIVE-03", entry(path=f"/api/spaces/{'0' * 24}/activemeetings", body={})),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_otherwise_contradicts(write: Write, name: str) -> None:
    """An answer that does otherwise than a statement says contradicts it."""
    statement, one = WRONG[name]
    found = verdicts(checked(write(one)))
    assert found[statement].verdict == "contradicted by traffic"


def test_a_contradiction_outweighs_all_that_was_shown(write: Write) -> None:
    """One exchange that does otherwise is enough, however many do as the statement says."""
    right = entry("POST", "/oauth2/revoke_token", 200, {}, host="accounts.zang.io")
    statement, wrong = WRONG["an object"]
    assert verdicts(checked(write(right, right)))[statement].verdict == "confirmed by traffic"
    found = verdicts(checked(write(right, wrong, right)))[statement]
    assert (found.verdict, found.count) == ("contradicted by traffic", 1)


def test_a_statement_about_a_refusal_needs_one(write: Write) -> None:
    """What says how something is refused is confirmed by a refusal, and by no success."""
    fields = ("access_token", "scope", "expires_in", "refresh_token", "id_token", "token_type")
    kept = [header("Cache-Control", "no-store"), header("Pragma", "no-cache")]
    more: Object = {"host": "accounts.zang.io", "headers": kept}
    done = entry("POST", "/oauth2/access_token", 200, dict.fromkeys(fields, "x"), **more)
    error = {"error": {"code": "invalid_grant", "message": "no"}, "error_description": "no"}
    refused = entry("POST", "/oauth2/access_token", 400, error, **more)
    assert verdicts(checked(write(done)))["ACC-GEN-07"].verdict == "shown in part"
    assert verdicts(checked(write(done, refused)))["ACC-GEN-07"].verdict == "confirmed by traffic"


def test_parts_confirm_nothing(write: Write) -> None:
    """Of several things that a statement says all have to be shown."""
    one = entry(body={})
    other = entry(status=304, body="")
    assert verdicts(checked(write(one)))["REST-RES-04"].verdict == "shown in part"
    assert verdicts(checked(write(one, other)))["REST-RES-04"].verdict == "confirmed by traffic"


@pytest.mark.parametrize("status", [200, 401])
def test_a_credential_that_was_left_out_contradicts_nothing(write: Write, status: int) -> None:
    """Browsers leave credentials out of archives: that one is absent shows nothing, unless the service misses it."""
    other = {"code": "auth.credential_expired", "message": "The credential has expired."}
    assert "AUTH-HDR-06" not in checked(write(entry(status=status, body=other))).evidence
    assert verdicts(checked(write(entry(status=401, body=STD))))["AUTH-HDR-06"].verdict == "confirmed by traffic"
