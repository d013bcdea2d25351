"""Lists the packages of the environment that runs this, with their licences, as Markdown.

Reads what each package says of itself: the licence expression, else classifiers, else the free text.
"""

import sys
from importlib.metadata import Distribution, PackageMetadata, distributions

OURS = "mockspaces"
CLASSIFIER = "License :: OSI Approved :: "
SOURCES = ("source", "source code", "homepage", "repository")
LONGEST = 60  # a licence field that holds the whole text says nothing short


def field(metadata: PackageMetadata, name: str) -> str:
    """Return a field, or an empty text where there is none."""
    return metadata[name] if name in metadata else ""  # noqa: SIM401 - it has no get()


def licence(metadata: PackageMetadata) -> str:
    """Return the licence of a package, or an empty text if it names none."""
    classifiers = metadata.get_all("Classifier", [])
    classified = [line.removeprefix(CLASSIFIER) for line in classifiers if line.startswith(CLASSIFIER)]
    text = field(metadata, "License")
    short = text if len(text) <= LONGEST else ""
    return field(metadata, "License-Expression") or ", ".join(classified) or short


def home(metadata: PackageMetadata) -> str:
    """Return where a package comes from."""
    urls = dict(line.split(", ", 1) for line in metadata.get_all("Project-URL", []))
    wanted = [url for label, url in urls.items() if label.lower() in SOURCES]
    return next(iter(wanted), field(metadata, "Home-page"))


def main() -> None:
    """Print the list; a package without a licence is an error."""
    found: list[Distribution] = sorted(distributions(), key=lambda one: one.metadata["Name"].lower())
    others = [one.metadata for one in found if one.metadata["Name"] != OURS]
    print("# Third-party licences\n\nWhat `mockspaces[server]` brings with it. Each package carries the full text.\n")
    print("| package | version | licence | from |\n|---|---|---|---|")
    for metadata in others:
        print(f"| {metadata['Name']} | {metadata['Version']} | {licence(metadata)} | {home(metadata)} |")
    unknown = [metadata["Name"] for metadata in others if not licence(metadata)]
    if unknown:
        sys.exit(f"no licence known: {', '.join(unknown)}")


if __name__ == "__main__":
    main()
