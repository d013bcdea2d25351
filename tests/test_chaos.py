"""Chaos programs are themselves to be trusted: each wrong log is caught by a few of them, and the right one passes."""

import json
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from chaos.faults import FAULTS
from chaos.history import ACKNOWLEDGED, REFUSED, UNCLEAR, Attempt, Connection, Post, WorldHistory
from chaos.judge import SETTINGS, Judge, allowed, unheard
from chaos.program import CALLERS, SHOWN_BY, TALKERS, Operation, drawn

ROOT = Path(__file__).parent.parent
TRIED = 16  # programs in which a wrong log has to be caught


def run(folder: Path, *options: str) -> tuple[int, str, list[dict[str, object]]]:
    """Return exit code, output and kept results of programs."""
    kept = folder / "results.jsonl"
    command = (sys.executable, "-m", "chaos", "--kept", str(kept), *options)
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stderr == ""
    return done.returncode, done.stdout, [json.loads(line) for line in kept.read_text().splitlines()]


@pytest.mark.slow
def test_the_log_passes_and_results_are_kept(tmp_path: Path) -> None:
    """A sample of programs passes, and is not run again: more of them go on behind it."""
    code, said, results = run(tmp_path, "--programs", "12")
    assert (code, len(results)) == (0, 12), said
    code, said, results = run(tmp_path, "--programs", "14")
    assert (code, len(results)) == (0, 14), said
    assert "14 programs" in said
    assert "12 of them before" in said
    assert {one["verdict"] for one in results} == {"passed"}
    assert all(int(str(one["ended"])) >= 200 for one in results)


@pytest.mark.slow
@pytest.mark.needs("redis-server")
@pytest.mark.parametrize("workers", ["1", "3"])
def test_a_log_in_redis_passes(workers: str, tmp_path: Path) -> None:
    """A sample of programs passes with one worker whose log is in Redis, and with several."""
    code, said, results = run(tmp_path, "--log", "redis", "--workers", workers, "--programs", "4")
    assert (code, len(results)) == (0, 4), said


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS["sqlite"])
def test_a_wrong_log_is_caught(fault: str, tmp_path: Path) -> None:
    """One of a few programs fails with each of the wrong logs, and says how to run it again."""
    code, said, results = run(tmp_path, "--programs", str(TRIED), "--fault", fault, "--until-failed")
    assert code == 1, said
    failed = [one for one in results if one["verdict"] == "failed"]
    assert failed
    assert all(one["problems"] for one in failed)
    assert f"--seed {failed[0]['seed']} --programs 1" in said


@pytest.mark.slow
@pytest.mark.needs("redis-server")
@pytest.mark.parametrize("fault", FAULTS["redis"])
def test_a_wrong_log_of_several_workers_is_caught(fault: str, tmp_path: Path) -> None:
    """One of a few programs with three workers fails with each of the logs in Redis that are wrong."""
    options = ("--log", "redis", "--workers", "3", "--jobs", "4", "--until-failed")
    code, said, results = run(tmp_path, "--programs", str(TRIED), "--fault", fault, *options)
    assert code == 1, said
    assert any(one["problems"] for one in results)


@pytest.mark.parametrize(("log", "workers"), [("sqlite", 1), ("redis", 1), ("redis", 3)])
def test_a_seed_draws_one_program(log: str, workers: int) -> None:
    """The same seed draws the same program and others draw others, with as much in them as was asked for."""
    programs = [drawn(seed, 200, 3, log, workers) for seed in range(50)]
    assert programs == [drawn(seed, 200, 3, log, workers) for seed in range(50)]
    assert len(set(programs)) == 50
    for one in programs:
        assert one.operations >= 200
        kinds = [phase.disturbance.kind for phase in one.phases]
        assert len(kinds) == 3
        assert {"kill", "crash"} & {*kinds}
        assert {phase.disturbance.worker for phase in one.phases} <= {*range(workers)}
        assert any(operation.fresh for phase in one.phases for operation in phase.operations) is (workers > 1)
        assert {operation.client for phase in one.phases for operation in phase.operations} == set(
            range(CALLERS + TALKERS)
        )


def test_what_is_written_by_one_worker_is_often_looked_at_by_another_at_once() -> None:
    """Where there are several, each program has many reads by a new connection right behind the write of a client."""
    for seed in range(50):
        operations = [one for phase in drawn(seed, 200, 3, "redis", 3).phases for one in phase.operations]
        looks = [
            one
            for before, one in pairwise(operations)
            if SHOWN_BY.get(before.kind) == one.kind and one.fresh and one.client == before.client
        ]
        assert len(looks) > 20


# --- the judge


def attempt(number: int, outcome: str, kind: str = "chat", **members: object) -> Attempt:
    made = Attempt(Operation(0, number, kind, 0), 0, number, outcome)
    for name, value in members.items():
        setattr(made, name, value)
    return made


def message(id_: str, text: str, **members: object) -> dict[str, object]:
    sender = {"username": "ann@example.com"}
    shown = {"id": id_, "text": text, "sender": sender, "space_id": "s", "parent_id": None, "comments": 0}
    return {**shown, "category": "chat", "deleted": False, **members}


def world(*attempts: Attempt) -> WorldHistory:
    found = WorldHistory("", spaces=["s"], settings={name: {1} for name in SETTINGS})
    found.posts = {one.operation.name: Post(one, "ann@example.com", "s") for one in attempts}
    return found


def judged(there: WorldHistory, *messages: dict[str, object], fired: int = 0, **state: object) -> Sequence[str]:
    others = dict.fromkeys(("companies", "users", "spaces", "members", "user_spaces", "invites"), ())
    shown = {"activities": 1, **others, "messages": messages, **state}
    settings = dict.fromkeys(SETTINGS, 1)
    snapshot = {"state": shown, "settings": settings, "clock": {"offset": 0}}
    return [*Judge(there, snapshot, fired, []).judge(), *unheard(there)]


FIRST = message("1", "c0 n1")


@pytest.mark.parametrize(
    ("outcome", "messages", "problem"),
    [
        (ACKNOWLEDGED, [FIRST], ""),
        (ACKNOWLEDGED, [], "it was acknowledged (1) and is not there"),
        (ACKNOWLEDGED, [FIRST, message("2", "c0 n1")], "it is there 2 times"),
        (ACKNOWLEDGED, [message("2", "c0 n1")], "it has the id 2, not 1"),
        (ACKNOWLEDGED, [message("1", "c0 n1 e2")], "it reads 'c0 n1 e2'"),
        (ACKNOWLEDGED, [message("1", "c0 n1", space_id="t")], "sender, space and parent are"),
        (ACKNOWLEDGED, [FIRST, message("2", "c9 n9")], "nobody has sent the message 'c9 n9'"),
        (ACKNOWLEDGED, [FIRST, FIRST], "messages has 1 2 times"),
        (UNCLEAR, [FIRST], ""),
        (UNCLEAR, [], ""),
        (UNCLEAR, [FIRST, message("2", "c0 n1")], "it is there 2 times"),
        (REFUSED, [], ""),
        (REFUSED, [FIRST], "it was refused and is there"),
    ],
)
def test_a_message_is_judged_by_what_its_client_was_told(
    outcome: str, messages: list[dict[str, object]], problem: str
) -> None:
    """Acknowledged is there once, refused is not there, and unclear is there at most once."""
    found = judged(world(attempt(1, outcome, id="1" if outcome == ACKNOWLEDGED else "")), *messages)
    assert any(problem in one for one in found) if problem else found == []


def test_what_was_shown_stays() -> None:
    """A message that a socket has heard of has to be there, though its client was told nothing."""
    there = world(attempt(1, UNCLEAR))
    there.connections = [Connection(heard=[("s", "1", "c0 n1")], alive=False)]
    assert any("was shown to somebody and is not there" in one for one in judged(there))


def test_what_was_unclear_stays_as_it_was_found() -> None:
    """A message of which nothing was known has to stay once it was found."""
    there = world(attempt(1, UNCLEAR))
    assert judged(there, FIRST) == []
    assert any("it was acknowledged (1) and is not there" in one for one in judged(there))


def test_sockets_hear_each_message_once_in_order() -> None:
    """A socket that hears one twice, in another order, or misses one since it subscribed is seen."""
    there = world(attempt(1, ACKNOWLEDGED, id="1"), attempt(2, ACKNOWLEDGED, id="2"))
    stored = (FIRST, message("2", "c0 n2"))
    heard = [("s", "1", "c0 n1"), ("s", "2", "c0 n2")]
    there.connections = [Connection(since={"s": 0}, heard=heard)]
    assert judged(there, *stored) == []
    there.connections = [Connection(since={"s": 0}, heard=heard[::-1])]
    assert any("heard the posts of s in another order" in one for one in judged(there, *stored))
    there.connections = [Connection(since={"s": 0}, heard=[*heard, heard[0]])]
    assert any("a socket heard 1 2 times" in one for one in judged(there, *stored))
    there.connections = [Connection(since={"s": 0}, heard=heard[1:])]
    assert any("did not hear of 'c0 n1'" in one for one in judged(there, *stored))


def test_a_fault_fires_as_often_as_clients_met_it() -> None:
    """What is counted is as often there as it was acknowledged, and at most once more for each that is unclear."""
    there = world()
    there.pokes = [attempt(1, ACKNOWLEDGED), attempt(2, UNCLEAR), attempt(3, REFUSED)]
    assert judged(there, fired=2) == []
    assert any("the fault has fired 1 times, not 2 to 2 times" in one for one in judged(there, fired=1))
    assert any("the fault has fired 3 times" in one for one in judged(there, fired=3))


def meeting(id_: str, *people: str, end: int | None = None) -> dict[str, object]:
    attendees = [{"username": f"{one}@example.com"} for one in people]
    return message(id_, "", category="meeting", meeting={"end": end, "attendees": attendees})


BOB = Operation(2, 1, "join", 0)
JOINED = Attempt(BOB, 0, 1, ACKNOWLEDGED, id="m", answered=2)
UNKNOWN = Attempt(BOB, 0, 1, UNCLEAR)
JOINED_LATER = Attempt(BOB, 0, 5, ACKNOWLEDGED, id="m", answered=6)


@pytest.mark.parametrize(
    ("joins", "end", "found", "problem"),
    [
        ([JOINED], "", [meeting("m", "bob")], ""),
        ([JOINED], "", [meeting("m")], "bob@example.com has joined the meeting m and is not in it"),
        ([JOINED], "", [], "bob@example.com has joined the meeting m and is not in it"),
        ([JOINED, UNKNOWN], "", [meeting("m", "bob"), meeting("n", "bob")], "2 meetings are active at once"),
        ([JOINED], "", [meeting("m", "bob", end=1)], "nobody has ended the meeting m"),
        ([JOINED], REFUSED, [meeting("m", "bob", end=1)], "nobody has ended the meeting m"),
        ([JOINED], UNCLEAR, [meeting("m", "bob", end=1)], ""),
        ([JOINED], UNCLEAR, [meeting("m", "bob")], ""),
        ([JOINED], ACKNOWLEDGED, [meeting("m", "bob")], "the end of the meeting m was acknowledged, and it is active"),
        ([JOINED], ACKNOWLEDGED, [meeting("m", "bob", end=1)], ""),
        ([JOINED_LATER], ACKNOWLEDGED, [meeting("m", "bob", end=1)], "after its end was acknowledged"),
        ([JOINED_LATER], UNCLEAR, [meeting("m", "bob", end=1)], ""),
        ([], "", [meeting("m", "bob")], "nobody has started the meetings ['m']"),
        ([UNKNOWN], "", [meeting("m", "bob")], ""),
    ],
)
def test_a_meeting_is_started_and_ended_once(
    joins: list[Attempt], end: str, found: list[dict[str, object]], problem: str
) -> None:
    """One is active at a time, with all who have joined, and one that was ended stays so."""
    there = world()
    there.joins = joins
    if end:
        there.ends["m"] = Attempt(Operation(0, 3, "end", 0), 0, 3, end, answered=4)
    for _ in range(2):  # what is wrong stays so, and what was unclear does no harm later
        problems = judged(there, *found)
        assert any(problem in one for one in problems) if problem else problems == []


def test_a_counter_that_goes_back_is_seen() -> None:
    """The counter of activities never falls."""
    there = world()
    assert judged(there, activities=2) == []
    assert judged(there, activities=1) == ["/: the counter of activities went back from 2 to 1"]


def test_a_read_shows_what_was_acknowledged_before_or_tried_since() -> None:
    """What counts is the last write that was acknowledged before a read began, and each that may have been since."""
    first, second = attempt(1, ACKNOWLEDGED, answered=2), attempt(3, ACKNOWLEDGED, answered=6)
    unclear, refused, late = attempt(4, UNCLEAR), attempt(4, REFUSED), attempt(9, ACKNOWLEDGED, answered=10)
    writes = [(first, 1), (second, 2), (unclear, 3), (refused, 4), (late, 5)]
    assert allowed(0, writes, attempt(2, ACKNOWLEDGED, answered=2)) == {0, 1}
    assert allowed(0, writes, attempt(5, ACKNOWLEDGED, answered=8)) == {1, 2, 3}
    assert allowed(0, writes, attempt(7, ACKNOWLEDGED, answered=8)) == {2, 3}
    assert allowed(0, writes, attempt(7, ACKNOWLEDGED, answered=11)) == {2, 3, 5}
