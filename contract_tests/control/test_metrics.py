"""GET /_mock/metrics: what is counted, in the text format of Prometheus."""

import re
from collections.abc import Mapping

import pytest

from contract_tests.kit import Cloud, only_mock, settled
from contract_tests.sockets import Sockets, credential

NAME, VALUE = r"[a-zA-Z_:][a-zA-Z0-9_:]*", r"[0-9.e+-]+"
LABEL = r'[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*"'
SAMPLE = re.compile(rf"({NAME})(?:{{({LABEL}(?:,{LABEL})*)}})? ({VALUE})")
KINDS = {"counter", "gauge"}
SUFFIXES = ("_total", "_seconds", "_bytes")


@pytest.fixture(autouse=True)
def _mock_only(cloud: Cloud) -> None:
    only_mock(cloud, "these counts are the mock's own")


def scraped(cloud: Cloud, query: str = "") -> Mapping[str, float]:
    """Return all samples by name and labels without that of the world, each line held against the format."""
    answer = cloud.http.get(f"{cloud.urls['control']}/metrics{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.text.endswith("\n")
    found: dict[str, float] = {}
    family, told = "", set()
    for line in answer.text.splitlines():
        if line.startswith("# HELP "):
            family = line.split()[2]
            assert family not in told, f"{family} is told twice"
            told.add(family)
        elif line.startswith("# TYPE "):
            assert line.split()[2] == family
            assert line.split()[3] in KINDS
            assert ("_total" in family) is (line.split()[3] == "counter")
        else:
            sample = SAMPLE.fullmatch(line)
            assert sample, line
            assert sample[1] == family
            key = f"{family}{{{sample[2]}}}" if sample[2] else family
            assert key not in found, key
            found[key] = float(sample[3])
    return found


def of_world(cloud: Cloud, query: str = "") -> Mapping[str, float]:
    """Return the samples of this world, without its name."""
    label = f'world="{cloud.control("GET", "")["name"]}"'
    found = {key: value for key, value in scraped(cloud, query).items() if label in key}
    return {key.replace(f"{label},", "").replace(f"{{{label}}}", ""): value for key, value in found.items()}


def test_calls_are_counted_by_endpoint_and_status(cloud: Cloud) -> None:
    """Each call is counted once, under its endpoint and status, and a refusal under its code too."""
    ann = cloud.user()
    before = of_world(cloud)
    for _ in range(3):
        assert cloud.call("GET", "/users/me", ann).status_code == 200
    assert cloud.http.get(f"{cloud.api}/users/me").status_code == 401
    assert cloud.call("POST", "/spaces/invite", ann, json={"topic": {"title": "Room"}}).status_code == 200
    after = of_world(cloud)
    grown = {key: value - before.get(key, 0) for key, value in after.items() if value != before.get(key, 0)}
    assert grown == {
        'mockspaces_calls_total{endpoint="USERS-ME",status="200"}': 3,
        'mockspaces_calls_total{endpoint="USERS-ME",status="401"}': 1,
        'mockspaces_calls_total{endpoint="SPACES-CREATE",status="200"}': 1,
        'mockspaces_refusals_total{code="auth.credential_missing"}': 1,
        "mockspaces_commits_total": 1,
        "mockspaces_journal_entries": 5,
    }


def test_sockets_and_their_events_are_counted(cloud: Cloud, sockets: Sockets) -> None:
    """Open sockets are told by protocol, an event once for each socket that it came from or went to."""
    ann = cloud.user()
    space = cloud.space(ann)
    chat, newer = sockets.join(ann, space), sockets.wire(sockets.url({**credential(ann), "EIO": "4"}))
    newer.send("40/chat,", f'42/chat,["SUBSCRIBE_CHANNEL",{{"channel":{{"_id":"{space}","type":"topic"}}}}]')
    while "CHANNEL_SUBSCRIBED" not in str(newer.receive()):
        pass
    before = of_world(cloud)
    assert [before[f'mockspaces_sockets{{protocol="{version}"}}'] for version in (3, 4)] == [1, 1]
    assert before['mockspaces_socket_events_total{direction="in",event="SUBSCRIBE_CHANNEL"}'] == 2
    assert chat.message(space)[0] == "MESSAGE_SENT"
    after = of_world(cloud)
    assert after['mockspaces_socket_events_total{direction="in",event="SEND_MESSAGE"}'] == 1
    assert after['mockspaces_socket_events_total{direction="out",event="MESSAGE_SENT"}'] == 2
    newer.close()
    assert settled(lambda: of_world(cloud)['mockspaces_sockets{protocol="4"}'], 0.0) == 0
    assert of_world(cloud)['mockspaces_sockets{protocol="3"}'] == 1


def test_refused_events_are_counted_by_code(cloud: Cloud, sockets: Sockets) -> None:
    """An event that is refused counts under its code as a call does."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    space = cloud.private_space(bob)
    chat = sockets.join(ann)
    assert chat.subscribe(space)[0] == "SUBSCRIBE_CHANNEL_FAILED"
    found = of_world(cloud)
    assert sum(value for key, value in found.items() if key.startswith("mockspaces_refusals_total")) == 1


def test_worlds_are_apart(cloud: Cloud) -> None:
    """A world tells of itself alone unless all are asked for, and then each under its name."""
    name = cloud.control("POST", "/worlds", {"seed": "demo"})["name"]
    url = next(one for one in cloud.control("GET", "/worlds")["data"] if one["name"] == name)["urls"]["prefix"]
    other = Cloud(url, cloud.http, is_mock=True)
    assert other.http.get(f"{other.api}/users/me").status_code == 401
    key = 'mockspaces_calls_total{endpoint="USERS-ME",status="401"}'
    assert of_world(other)[key] == 1
    assert key not in of_world(cloud)
    assert f'world="{name}"' not in "".join(scraped(cloud))
    assert scraped(other)["mockspaces_worlds"] >= 2
    everything = scraped(cloud, "?worlds=all")
    assert everything[key.replace("{", f'{{world="{name}",')] == 1
    assert of_world(cloud, "?worlds=all").keys() == of_world(cloud).keys()
    cloud.control("DELETE", f"/worlds/{name}")
    assert f'world="{name}"' not in "".join(scraped(cloud, "?worlds=all"))


def test_a_reset_takes_nothing_back(cloud: Cloud, sockets: Sockets) -> None:
    """What has happened stays counted after a reset and a cleared journal; what there is at present is told anew."""
    ann = cloud.user()
    sockets.join(ann, cloud.space(ann))
    cloud.control("DELETE", "/journal")
    assert of_world(cloud)["mockspaces_journal_entries"] == 0
    before = of_world(cloud)
    cloud.control("POST", "/reset", {})
    after = of_world(cloud)
    assert after['mockspaces_calls_total{endpoint="SPACES-CREATE",status="200"}'] == 1
    assert after["mockspaces_commits_total"] >= before["mockspaces_commits_total"] > 0
    assert before['mockspaces_sockets{protocol="3"}'] == 1
    assert settled(lambda: of_world(cloud)['mockspaces_sockets{protocol="3"}'], 0.0) == 0


def test_what_clients_make_up_is_no_label(cloud: Cloud, sockets: Sockets) -> None:
    """Paths, methods, events and hosts of hostile clients are counted under names of ours, in lines of the format."""
    ann = cloud.user()
    chat = sockets.join(ann)
    before = of_world(cloud)
    evil = ['a"} 1', "b\\", "c\nd", "e{", "ü", "USERS-ME"]
    for text in evil:
        cloud.http.get(f"{cloud.api}/{text.encode().hex()}")
        cloud.http.request("BREW", f"{cloud.api}/users/me")
        chat.emit(text, {"x": 1})
    chat.settle()
    after = of_world(cloud)
    grown = {key: value - before.get(key, 0) for key, value in after.items() if value != before.get(key, 0)}
    assert grown.pop('mockspaces_socket_events_total{direction="in",event="other"}') == len(evil)
    assert grown.pop('mockspaces_calls_total{endpoint="unknown",status="404"}') == len(evil)
    assert grown.pop('mockspaces_calls_total{endpoint="unknown",status="400"}') == len(evil)
    assert {key.partition("{")[0] for key in grown} == {"mockspaces_refusals_total", "mockspaces_journal_entries"}


def test_planned_statuses_do_not_fill_the_list(cloud: Cloud) -> None:
    """Whatever status a planned fault answers, there is one line for each endpoint and status."""
    ann = cloud.user()
    for status in (418, 299):
        cloud.control("POST", "/faults", {"match": {"path": "/api/users/me"}, "action": {"status": status}, "times": 2})
        for _ in range(2):
            assert cloud.call("GET", "/users/me", ann).status_code == status
    found = of_world(cloud)
    for status in (418, 299):
        assert found[f'mockspaces_calls_total{{endpoint="USERS-ME",status="{status}"}}'] == 2


def test_the_process_is_told_of(cloud: Cloud) -> None:
    """Version, processor time, memory and stops of the loop are those of the process, in base units."""
    before, after = scraped(cloud), scraped(cloud)
    assert 0 < before["process_cpu_seconds_total"] < after["process_cpu_seconds_total"]
    assert before["process_resident_memory_bytes"] > 1 << 20
    assert before["mockspaces_loop_stops_total"] >= 0
    assert before["mockspaces_loop_stopped_seconds_total"] >= 0.1 * before["mockspaces_loop_stops_total"]
    assert before["mockspaces_loop_stopped_seconds_total"] >= before["mockspaces_loop_stopped_cpu_seconds_total"] >= 0
    version = cloud.control("GET", "/health")["version"]
    assert before[f'mockspaces_info{{version="{version}"}}'] == 1


def test_control_calls_are_not_counted(cloud: Cloud) -> None:
    """Asking for metrics, or any other control call, counts nothing."""
    before = of_world(cloud)
    cloud.control("GET", "/settings")
    assert of_world(cloud) == before


@pytest.mark.parametrize(
    ("query", "named"), [("?worlds=some", "worlds"), ("?world=all", "world"), ("?worlds=all&x=1", "x")]
)
def test_unknown_parameters_are_refused(cloud: Cloud, query: str, named: str) -> None:
    """There is one parameter, and it has one value."""
    answer = cloud.http.get(f"{cloud.urls['control']}/metrics{query}")
    assert answer.status_code == 400
    assert answer.json()["why"].startswith(f"{named}:")
