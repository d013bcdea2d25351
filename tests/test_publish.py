"""What publishing an image would do, with programs in the place of buildah and cosign that only take notes."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from mockspaces import __version__
from tests.conftest import ROOT

pytestmark = pytest.mark.needs("bash", "git")

NOTING = """#!/bin/sh
echo "${0##*/} $*" >>"$NOTES"
while [ $# -gt 0 ]; do
    [ "$1" != --digestfile ] || echo sha256:123 >"$2"
    shift
done
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A commit whose release was made, as far as publishing looks at it."""
    folder = tmp_path / "checkout"
    for name in ("scripts/publish", "mockspaces/__init__.py"):
        (folder / name).parent.mkdir(parents=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / ".gitignore").write_text("dist\n", encoding="utf-8")
    who = ("-c", "user.name=Tess", "-c", "user.email=tess@example.com")
    for command in (("init", "--quiet"), ("add", "."), (*who, "commit", "--quiet", "--message", "All there is")):
        subprocess.run(["git", *command], cwd=folder, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True).stdout
    (folder / "dist").mkdir()
    (folder / "dist" / "image-labels.txt").write_text(f"org.opencontainers.image.revision={head}", encoding="utf-8")
    for name in ("buildah", "cosign"):
        (tmp_path / name).write_text(NOTING, encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    return folder


def published(checkout: Path) -> tuple[str, list[str]]:
    """Return what publishing says on standard error, and what it told the two programs to do."""
    notes = checkout.parent / "notes"
    notes.touch()
    environment = {**os.environ, "PATH": f"{checkout.parent}{os.pathsep}{os.environ['PATH']}", "NOTES": str(notes)}
    environment.pop("COSIGN_KEY", None)
    command = ["bash", "scripts/publish", "registry.example/mock"]
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    return done.stderr, notes.read_text(encoding="utf-8").splitlines()


def test_image_is_built_for_each_platform_pushed_and_signed(checkout: Path) -> None:
    """One manifest has both platforms, is pushed as a whole, and signed by its digest together with its SBOM."""
    said, notes = published(checkout)
    assert said == ""
    built = [note for note in notes if note.startswith("buildah build ")]
    assert [f"--platform linux/{name} " in note for name, note in zip(("amd64", "arm64"), built, strict=True)] == [
        True
    ] * 2
    assert f"VERSION={__version__} " in built[0]
    [pushed] = [note for note in notes if note.startswith("buildah manifest push --all ")]
    assert pushed.endswith(f" docker://registry.example/mock:{__version__}")
    sbom = f"dist/mockspaces-{__version__}.cdx.json"
    signing = [note.removeprefix("cosign ") for note in notes if note.startswith("cosign ")]
    assert signing == [
        "sign --yes registry.example/mock@sha256:123",
        f"attest --yes --type cyclonedx --predicate {sbom} registry.example/mock@sha256:123",
        "sign-blob --yes --output-signature dist/SHA256SUMS.sig dist/SHA256SUMS",
    ]


def test_what_is_not_committed_is_not_published(checkout: Path) -> None:
    """An image says which commit it is of, so there must be one."""
    (checkout / "new").touch()
    said, notes = published(checkout)
    assert "commit first" in said
    assert notes == []


def test_another_commit_than_that_of_the_release_is_not_published(checkout: Path) -> None:
    """What is signed was made from the same commit as the image."""
    (checkout / "dist" / "image-labels.txt").write_text("org.opencontainers.image.revision=other\n", encoding="utf-8")
    said, notes = published(checkout)
    assert "run make dist" in said
    assert notes == []
