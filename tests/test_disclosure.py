"""What the journal hides, and what it leaves as it is."""

import time

import pytest

from mockspaces.control import disclosure
from mockspaces.control.disclosure import FINGERPRINTED, HIDDEN, fingerprint

TOKEN = "0123456789abcdef0123456789abcdef01234567"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
SHOWN = f"{HIDDEN}{fingerprint(TOKEN)}"
SIGNED = f"{HIDDEN}{fingerprint(JWT)}"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (f'{{"access_token":"{TOKEN}","expires_in":3599}}', f'{{"access_token":"{SHOWN}","expires_in":3599}}'),
        (f'{{"token" : "{TOKEN}"}}', f'{{"token" : "{SHOWN}"}}'),
        ('{"password":"a\\"b","x":1}', '{"password":"***","x":1}'),
        ('{"password":"cut off in the mid', '{"password":"***'),
        ('{"password":""}', '{"password":""}'),
        (f"token={TOKEN}&x=1", f"token={SHOWN}&x=1"),
        ("grant_type=password&password=pw&code=abc", "grant_type=password&password=***&code=***"),
        (f"/socket.io/?token={TOKEN}&tokenType=jwt", f"/socket.io/?token={SHOWN}&tokenType=jwt"),
        (f"http://localhost/back#access_token={TOKEN}&state=s", f"http://localhost/back#access_token={SHOWN}&state=s"),
        (f"40/chat?token={JWT}", f"40/chat?token={SIGNED}"),
        (f'{{"bodyText":"see {JWT} there"}}', f'{{"bodyText":"see {SIGNED} there"}}'),
        ('{"code":"auth.credential_invalid"}', '{"code":"auth.credential_invalid"}'),
        ('{"bodyText":"the token=abc is no secret"}', '{"bodyText":"the token=abc is no secret"}'),
        ("keyJoin.it.up", "keyJoin.it.up"),
        ("", ""),
    ],
)
def test_text_has_no_secrets(given: str, shown: str) -> None:
    """Secrets are hidden in JSON, forms, addresses and frames, and nothing else is changed."""
    assert disclosure.text(given) == shown


@pytest.mark.parametrize(
    ("name", "given", "shown"),
    [
        ("Authorization", f"Bearer {TOKEN}", f"Bearer {SHOWN}"),
        ("authorization", TOKEN, SHOWN),
        ("authorization", "Basic Y2xpZW50OnNlY3JldA==", "Basic client:***"),
        ("authorization", "Basic nonsense", "Basic ***"),
        ("Cookie", f"sessionid={TOKEN}; csrftoken=x", f"sessionid={SHOWN}; csrftoken=***"),
        ("Set-Cookie", f"sessionid={TOKEN}; Path=/; Max-Age=9", f"sessionid={SHOWN}; Path=/; Max-Age=9"),
        ("X-Mock-Token", "hush", "***"),
        ("spaces-x-space-password", "1234", "***"),
        ("Location", f"http://localhost/back?code={TOKEN}", f"http://localhost/back?code={SHOWN}"),
        ("accept", "*/*;q=0.8", "*/*;q=0.8"),
    ],
)
def test_header_has_no_secrets(name: str, given: str, shown: str) -> None:
    """Of a credential the scheme and whom it is of are shown, of a cookie its name."""
    assert disclosure.header(name, given).replace(fingerprint("Y2xpZW50OnNlY3JldA=="), "") == shown


def test_short_secret_leaves_no_fingerprint() -> None:
    """What could be guessed from a few digits of its hash leaves none."""
    assert fingerprint("x" * (FINGERPRINTED - 1)) == ""
    assert len(fingerprint("x" * FINGERPRINTED)) == 8


@pytest.mark.parametrize("hostile", ["eyJ", "eyJ.", '"token":"', "?token=", '"' * 3, "&code", 'x"\\', "a=b&"])
def test_hostile_text_takes_linear_time(hostile: str) -> None:
    """Whatever is repeated to the bound of a body is looked through at once."""
    begun = time.process_time()
    disclosure.text(hostile * (8192 // len(hostile)))
    assert time.process_time() - begun < 0.05
