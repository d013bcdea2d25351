"""Archives are read entry by entry; what is none is refused in a sentence."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mockspaces.traffic import archives
from mockspaces.traffic.archives import ArchiveError, Bounds, answered, asked, entries
from tests.traffic.conftest import Object, Write, checked, entry, socket


def texts(path: Path) -> list[str]:
    return [one.response.content.text or "" for _number, one in entries(path) if one]


TEXTS = ['plain "quoted" \\ {[', "}]}]", "ä € \U0001f600", "", "x" * 300]


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64, 4096])
def test_entries_are_found_however_they_are_cut(write: Write, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    """Brackets, quotes and escapes in texts end no entry, wherever one piece that is read ends."""
    path = write(*(entry(body=text) for text in TEXTS))
    monkeypatch.setattr(archives, "CHUNK", chunk)
    assert texts(path) == TEXTS


def test_other_lists_of_the_name_are_no_entries(tmp_path: Path) -> None:
    """Only the list of the log counts, not one of the same name elsewhere, before or in it."""
    path = tmp_path / "odd.har"
    one = {**entry(body="right"), "_more": {"entries": [{"a": 1}]}}
    document = {
        "entries": [{"no": 1}],
        "log": {"pages": [{"entries": [{"no": 2}]}], "comment": "entries", "entries": [one]},
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    assert texts(path) == ["right"]


def test_compressed_archives_are_read(write: Write, tmp_path: Path) -> None:
    """An archive that is packed by gzip is read as it is; one that is cut is refused."""
    packed = gzip.compress(write(entry(body="right")).read_bytes())
    path = tmp_path / "packed.har.gz"
    path.write_bytes(packed)
    assert texts(path) == ["right"]
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(ArchiveError, match="ends too early"):
        texts(path)


NO_ARCHIVES = {
    "nothing": ("", "no log with entries"),
    "text": ("hello", "does not begin with an object"),
    "a list": ("[1]", "does not begin with an object"),
    "another object": ('{"log": {"version": "1.2"}}', "no log with entries"),
    "crossed brackets": ('{"log": {"entries": [}', "no JSON document"),
    "an entry without answer": (
        '{"log": {"entries": [{"request": {"method": "GET", "url": "/"}}]}}',
        "entry 1 is no entry",
    ),
    "no JSON in an entry": ('{"log": {"entries": [{"request": secret}]}}', "entry 1 is no JSON"),
}


@pytest.mark.parametrize("name", NO_ARCHIVES)
def test_what_is_no_archive_is_refused(tmp_path: Path, name: str) -> None:
    """A file that is no archive is refused in a sentence that names it, and quotes nothing of it."""
    text, why = NO_ARCHIVES[name]
    path = tmp_path / "other.har"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ArchiveError, match=why) as refused:
        texts(path)
    assert str(path) in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_cut_archive_is_refused_wherever_it_ends(write: Write, tmp_path: Path) -> None:
    """An archive without its end is refused, whatever the last thing in it is."""
    whole = write(entry(body="one"), entry(body='t"wo')).read_bytes()
    path = tmp_path / "cut.har"
    for length in range(1, len(whole), 13):
        path.write_bytes(whole[:length])
        with pytest.raises(ArchiveError):
            texts(path)


def test_an_entry_that_is_too_large_is_skipped(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry beyond the bound is None in its place, and the next one is read."""
    path = write(entry(body="x" * 5000), entry(body="right"))
    monkeypatch.setattr(archives, "CHUNK", 500)
    found = entries(path, bounds=Bounds(entry=2000))
    assert [(number, one is None) for number, one in found] == [(1, True), (2, False)]


def test_bodies_are_decoded(write: Write) -> None:
    """A body in base64 is decoded; one that is damaged, cut or missing is none."""
    packed, damaged, cut, missing = (entry(body="{}") for _ in range(4))
    packed["response"]["content"] |= {"text": "e30=", "encoding": "base64"}
    damaged["response"]["content"] |= {"text": "e3!", "encoding": "base64"}
    cut["response"]["content"] |= {"size": 9000, "comment": "the first of 9000 bytes"}
    del missing["response"]["content"]["text"]
    found = [answered(one).body for _number, one in entries(write(packed, damaged, cut, missing)) if one]
    assert found == [b"{}", None, None, None]


ODD = "\udcff"  # as proxies write a byte that is no UTF-8


def with_params() -> Object:
    """Return an entry with a form of which only the pairs are kept."""
    one = entry(body={})
    one["request"]["postData"] = {"mimeType": "text/plain", "params": [{"name": "a", "value": ODD}]}
    return one


BODIES: dict[str, tuple[Callable[[], Object], bool, bool]] = {
    "what was sent": (lambda: entry(body={}, post=ODD), True, False),
    "a pair of a form": (with_params, True, False),
    "the answer": (lambda: entry(body="a" + ODD), False, True),
    "both, each half of another character": (lambda: entry(body="\ud83d", post="\ude00"), True, True),
}


@pytest.mark.parametrize("name", BODIES)
def test_bytes_that_are_no_text_leave_a_body_out(write: Write, name: str) -> None:
    """A body with bytes that are no UTF-8 is missing, which differs from nothing; the other one is there."""
    make, sent_missing, answer_missing = BODIES[name]
    path = write(make(), entry(body="right"))
    [(_, one), (_, right)] = entries(path)
    assert one is not None
    assert right is not None
    assert (asked(one).body is None, answered(one).body is None) == (sent_missing, answer_missing)
    assert (one.request.url, one.unreadable, right.unreadable) == (right.request.url, True, False)
    assert checked(path).counts["with bytes that are no text"] == 1


ELSEWHERE: dict[str, Callable[[], Object]] = {
    "URL": lambda: entry(path=f"/api/users/{ODD}"),
    "method": lambda: entry(method=ODD),
    "header of the request": lambda: entry(sent=[{"name": "Authorization", "value": ODD}]),
    "name of a header": lambda: entry(headers=[{"name": ODD, "value": ""}]),
    "frame": lambda: socket(("receive", f'42["MESSAGE_SENT","{ODD}"]')),
    "time": lambda: {**entry(), "startedDateTime": ODD},
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_bytes_that_are_no_text_elsewhere_leave_an_entry_out(write: Write, name: str) -> None:
    """An entry that has such bytes in its head or in a frame is counted, and judged no further."""
    found = checked(write(ELSEWHERE[name](), entry(status=404, body={})))
    assert found.counts["entries"] == 2
    assert found.counts["with bytes that are no text"] == 1
    assert sum(found.hosts.values()) == 1


def test_bytes_that_are_no_text_excuse_nothing_else(tmp_path: Path) -> None:
    """What is no JSON, or no entry, is refused as ever, whatever bytes stand beside it; a whole character is one."""
    path = tmp_path / "odd.har"
    for part, why in (('{"request": "\\udcff", x}', "entry 1 is no JSON"), ('{"request": "\\udcff"}', "is no entry")):
        path.write_text(f'{{"log": {{"entries": [{part}]}}}}', encoding="utf-8")
        with pytest.raises(ArchiveError, match=why):
            texts(path)
    path.write_text(json.dumps({"log": {"entries": [entry(body="\U0001f600")]}}), encoding="utf-8")
    assert texts(path) == ["\U0001f600"]
