"""Archives are read entry by entry; what is none is refused in a sentence."""

import gzip
import json
from pathlib import Path

import pytest

from mockspaces.traffic import archives
from mockspaces.traffic.archives import ArchiveError, Bounds, answered, entries
from tests.traffic.conftest import Write, entry


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
