"""What mkdocs does beside rendering `docs/`: pages that are made from code, and links that lead out of the folder."""

import re
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from mockspaces.contract.behaviours import catalogue
from scripts import reference

ROOT = Path(__file__).parent.parent
# Pages whose text lies outside of docs/, by their place in the site.
ELSEWHERE = {
    "changelog.md": "CHANGELOG.md",
    "default-world.md": "README.md",
    "writing-contract-tests.md": "contract_tests/README.md",
    "examples.md": "examples/README.md",
}
SECTION = {"default-world.md": "The default world"}  # that the page is, where it is not the whole text
PAGE_OF = {source: place for place, source in ELSEWHERE.items()}
FENCE = re.compile(r"^(?P<fence> *```).*?^(?P=fence)$", re.MULTILINE | re.DOTALL)
USE = re.compile(r"^( *```\w+) use=\w+", re.MULTILINE)
LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<target>[^)\s#]+)?(?P<anchor>#[^)\s]*)?\)")
QUOTED = re.compile(r"^:statement: (?P<id>[A-Z-]+-\d\d)$", re.MULTILINE)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made from code and rows, and those that lie elsewhere in the repository."""
    made = reference.pages() | {place: _text(place) for place in ELSEWHERE}
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links and ids lead to their place in the site, and show statements of the catalogue where they are named."""
    here = PurePosixPath(page.file.src_uri)
    source = PurePosixPath(ELSEWHERE.get(str(here), f"docs/{here}"))

    def lead(match: re.Match[str]) -> str:
        return _led(match, source.parent, here.parent, config.repo_url or "", files)

    def outside(text: str) -> str:
        quoted = QUOTED.sub(lambda match: _quoted(match["id"], here), text)
        return LINK.sub(lead, quoted)

    pieces, end = [], 0
    for fence in FENCE.finditer(markdown):
        pieces += [outside(markdown[end : fence.start()]), USE.sub(r"\1", fence[0])]
        end = fence.end()
    return "".join([*pieces, outside(markdown[end:])])


def _text(place: str) -> str:
    """Return the text of a page that lies elsewhere, or the section of it that is meant."""
    text = (ROOT / ELSEWHERE[place]).read_text("utf-8")
    if place not in SECTION:
        return text
    head = f"## {SECTION[place]}\n"
    section, _, _ = text.partition(head)[2].partition("\n## ")
    return f"# {SECTION[place]}\n{section}\n"


def _led(match: re.Match[str], folder: PurePosixPath, here: PurePosixPath, repository: str, files: Files) -> str:
    """Return a link as the site has it: to a page, into the repository if it has an address, or its text alone."""
    target = match["target"]
    if not target or "://" in target or target.startswith("mailto:"):
        return match[0]
    meant = normpath(folder / target)
    place = PAGE_OF.get(meant) or (meant.removeprefix("docs/") if meant.startswith("docs/") else None)
    if place and files.get_file_from_path(place):
        return f"[{match['text']}]({relpath(place, here)}{match['anchor'] or ''})"
    if meant.startswith("docs/"):
        return match[0]  # it leads nowhere, and mkdocs says so
    if not (ROOT / meant).exists():
        raise FileNotFoundError(f"{folder}: {target} leads nowhere")
    return f"[{match['text']}]({repository}/blob/HEAD/{meant})" if repository else match["text"]


def _quoted(key: str, here: PurePosixPath) -> str:
    """Return a statement of the catalogue as a box."""
    row = catalogue()[key]
    up = "../" * (len(here.parts) - 1) + f"{reference.FOLDER}/"
    text = f"{reference.linked(row.statement, up)} Evidence: {row.evidence}"
    return f'!!! quote "{row.id}"\n    {text}'
