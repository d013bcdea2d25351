"""Profiles: what is wrong with one is said by its path, and a new one is written by a few questions."""

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from contract_tests.kit import SCOPES
from contract_tests.profiles import SCHEMA, ProfileError, is_production, load
from mockspaces.verification.command import command

TARGETS = Path(__file__).parents[2] / "contract_tests" / "targets"
GOOD = 'name = "x"\nkind = "service"\n[urls]\naccounts = "http://a"\napi = "http://a/api"\n'


def complaints(folder: Path, text: str) -> list[str]:
    """Return what is said of a profile."""
    path = folder / "p.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProfileError) as refusal:
        load(path, allow_production=False)
    return [line.removeprefix(f"{path}: ") for line in str(refusal.value).splitlines()]


@pytest.mark.parametrize("path", sorted(TARGETS.glob("*.toml")), ids=lambda path: path.name)
def test_shipped_profiles_are_good(path: Path) -> None:
    """What somebody copies is taken as it is."""
    assert load(path, allow_production=True).name


VARIABLE = "is not the name of an environment variable (a credential does not belong into a file)"
URL = "is not a URL that begins with http:// or https://, without credentials or spaces, not ending in /"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name", "Expected '=' after a key in a key/value pair (at end of document)"),
        ('kind = "service"', "'name' is a required property"),
        ('name = "x"\nkind = "other"', "kind: is none of mock, service"),
        ('name = "x"\nkind = "mock"', "'control' is a required property"),
        ('name = "x"\nkind = "service"', "'urls' is a required property"),
        (GOOD.replace('api = "http://a/api"', ""), "urls: 'api' is a required property"),
        (GOOD.replace("http://a/api", "a/api"), f"urls.api: {URL}"),
        (GOOD.replace("http://a/api", "http://a/api/"), f"urls.api: {URL}"),
        (GOOD.replace("http://a/api", "http://me:secret@a/api"), f"urls.api: {URL}"),
        (GOOD.replace("http://a/api", "http://[::1/api"), "api: Invalid IPv6 URL"),
        (f"calls_per_minute = 0\n{GOOD}", "calls_per_minute: is not a number above 0"),
        (f'environment = "x"\n{GOOD}', "Additional properties are not allowed ('environment' was unexpected)"),
        (
            f"{GOOD}[people.'a@b']\nusername_env = 'U'\npassword_env = 'p@ss word'",
            f'people."a@b".password_env: {VARIABLE}',
        ),
        (f"{GOOD}[apps.Example]\nkey_file_env = 'K'\nscopes = ['all']", "apps.Example.scopes[0]: is none of accounts."),
        (f"{GOOD}[[apps.Example]]\nkey_file_env = 'K'", "apps.Example[0]: 'scopes' is a required property"),
    ],
)
def test_what_is_wrong_is_said_by_its_path(tmp_path: Path, text: str, said: str) -> None:
    """Which member, and what it should be; never its value, which may be a credential in the wrong place."""
    found = complaints(tmp_path, text)
    assert [one[: len(said)] for one in found if one.startswith(said)] == [said], found
    assert not any("p@ss" in one or "secret@" in one for one in found)


def test_the_schema_knows_the_scopes() -> None:
    """Those that the tests know."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert schema["$defs"]["app"]["properties"]["scopes"]["items"]["enum"] == list(SCOPES)


@pytest.mark.parametrize(
    "url",
    [
        "https://spacesapis.avayacloud.com",
        "https://SpacesApis.AvayaCloud.COM:443/x",
        "https://spacesapis.avayacloud.com.",
        "https://spacesapis.avayacloud.com..:8443",
        "https://spacesapis%2eavayacloud%2Ecom",
        "https://spacesapis\N{IDEOGRAPHIC FULL STOP}avayacloud\N{FULLWIDTH FULL STOP}com",
        "https://\N{FULLWIDTH LATIN SMALL LETTER A}vayacloud.com",
        "http://accounts.zang.io",
    ],
)
@pytest.mark.parametrize("place", ["urls.web", "urls.api"])
def test_production_is_refused_however_it_is_spelt(tmp_path: Path, url: str, place: str) -> None:
    """Dots, letters of another case or width, percent and ports hide no host."""
    web = f'web = "{url}"\n' if place == "urls.web" else ""
    [said] = complaints(tmp_path, (GOOD if web else GOOD.replace("http://a/api", f"{url}/api")) + web)
    assert said.endswith("names production hosts; say --allow-production if you mean it")


def test_other_hosts_are_no_production() -> None:
    """A name that only ends alike, an address, and staging are nobody's production."""
    for host in ("myavayacloud.com", "avayacloud.com.example", "::1", "127.0.0.1", "onesnastaging.esna.com", ""):
        assert not is_production(host), host


def test_a_profile_is_written_by_questions(tmp_path: Path) -> None:
    """It is good as it is, names every variable that it says to set, and takes a quotation mark for what it is."""
    path = tmp_path / "mine.toml"
    answers = ['my "own"', "120", "", "ca.pem", "y", "", "", "", "", "2", "spaces.create", "", "1", "spaces.list"]
    answers += ["y", "http://127.0.0.1:8765/callback", "y", "n", "n", "n", "n", "n", "y"]
    told = CliRunner().invoke(command, ["--init", str(path)], input="\n".join(answers) + "\n")
    assert told.exit_code == 0, told.output
    profile = load(path, allow_production=False)
    assert (profile.name, profile.calls_per_minute, profile.ca_file) == ('my "own"', 120, "ca.pem")
    assert profile.proxies_from_environment
    assert {company: [one["scopes"] for one in apps] for company, apps in profile.apps.items()} == {
        "Example": [
            ["spaces.create"],
            ["spaces.create", "spaces.delete", "spaces.settings.read", "spaces.settings.write", "spaces.chat.create"],
        ],
        "Rival": [["spaces.list"]],
    }
    assert list(profile.people) == ["ann@example.com", "rita@rival.example"]
    assert profile.oauth_client["redirect_uri"] == "http://127.0.0.1:8765/callback"
    assert all(f"export {name}=" in told.output for name in profile.variables)
    again = CliRunner().invoke(command, ["--init", str(path)], input="n\n")
    assert again.exit_code == 0
    assert tomllib.loads(path.read_text(encoding="utf-8"))["name"] == 'my "own"'


def test_a_target_must_be_named() -> None:
    """Without one there is nothing to verify, which is said with what to do."""
    told = CliRunner().invoke(command, [])
    assert (told.exit_code, "--init FILE for a new profile" in told.output) == (2, True)
