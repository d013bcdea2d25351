"""What packaging fills in where it is told where the project lives: PROJECT_URL=https://... scripts/dist.

A package index shows the README without the repository around it, so its links need an address there. Without one their
text stays, and no link leads nowhere. Folders are what GitHub and GitLab have below it: blob/HEAD and raw/HEAD.
"""

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

LINK = re.compile(r"(?P<picture>!?)\[(?P<text>[^\]]*)\]\((?P<target>(?!https?:|#)[^)\s]+)\)")
URLS = {"Homepage": "", "Source": "", "Changelog": "/blob/HEAD/CHANGELOG.md"}


class ProjectMetadata(MetadataHookInterface):
    """Adds README and addresses to the metadata of a package."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add what depends on where the project lives."""
        home = os.environ.get("PROJECT_URL", "").rstrip("/")
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": absolute(text, home)}
        if home:
            metadata["urls"] = {name: f"{home}{path}" for name, path in URLS.items()}


def absolute(text: str, home: str) -> str:
    """Return Markdown whose links into the repository lead to ``home``, or are text if there is none."""

    def lead(match: re.Match[str]) -> str:
        if not home:
            return "" if match["picture"] else match["text"]
        folder = "raw" if match["picture"] else "blob"
        return f"{match['picture']}[{match['text']}]({home}/{folder}/HEAD/{match['target']})"

    return LINK.sub(lead, text)
