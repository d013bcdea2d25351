"""Writes the types of clients/node: api.d.ts from the API document and the vocabularies, the others from its JSDoc.

`python -m scripts.node_types` writes them anew, with what `scripts/clients` installs. A test fails while api.d.ts is
not of the document that the mock answers with, or the others not of the JavaScript beside them.
"""

import asyncio
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import httpx

from mockspaces import create_app
from mockspaces.client import words

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "clients" / "node" / "src"
TOOLS = ROOT / "tests" / "clients" / "node" / "node_modules"
API = "api.d.ts"
HEAD = "// Made from the API document by `python -m scripts.node_types`; do not edit. {mark}\n\n"
VOCABULARIES = (
    "Code",
    "Scope",
    "Route",
    "EndpointId",
    "FaultEvent",
    "Event",
    "Surface",
    "Method",
    "Direction",
    "Misbehaviour",
    "Licence",
    "Role",
    "TransportFault",
    "FrameFault",
)
# What a client only carries from one call to another, with all that is in it.
OPAQUE = ("/_mock/snapshot",)
SCHEMAS = "#/components/schemas/"
GENERATOR = ("--default-non-nullable=false", "--empty-objects-unknown", "--root-types=false")
COMPILER = {
    "allowJs": True,
    "checkJs": True,
    "declaration": True,
    "emitDeclarationOnly": True,
    "strict": True,
    "noUncheckedIndexedAccess": True,
    "noImplicitOverride": True,
    "noUnusedLocals": True,
    "target": "es2022",
    "lib": ["es2022", "esnext.disposable", "dom"],
    "module": "nodenext",
    "moduleResolution": "nodenext",
    "skipLibCheck": True,
    "types": ["node"],
}


def document() -> dict[str, Any]:
    """Return the part of the API document that the client uses: the bodies and answers of the control API."""
    whole = asyncio.run(_fetched())
    schemas = whole["components"]["schemas"]
    calls = [calls for path, calls in whole["paths"].items() if path.startswith("/_mock") and path not in OPAQUE]
    wanted: dict[str, Any] = {}
    missing = list(_references(calls))
    while missing:
        name = missing.pop()
        if name not in wanted:
            wanted[name] = schemas[name]
            missing += _references(schemas[name])
    kept = {name: _plain(schema) for name, schema in schemas.items() if name in wanted}
    return {
        "openapi": whole["openapi"],
        "info": {"title": "", "version": ""},
        "paths": {},
        "components": {"schemas": kept},
    }


def head(document: dict[str, Any]) -> str:
    """Return the first line of api.d.ts, which tells what it was made from."""
    made = json.dumps([document, {name: get_args(getattr(words, name)) for name in VOCABULARIES}])
    return HEAD.format(mark=hashlib.sha256(made.encode()).hexdigest()[:16])


def write(sources: Path, folder: Path) -> None:
    """Write all types that belong to the JavaScript in ``sources``, and a copy of it, to a folder.

    Raises `subprocess.CalledProcessError` with what the compiler says if the JavaScript does not fit its types.
    """
    described = document()
    (folder / "openapi.json").write_text(json.dumps(described), encoding="utf-8")
    generator = TOOLS / ".bin" / "openapi-typescript"
    _run(folder, generator, "openapi.json", "--output", API, *GENERATOR)
    unions = "".join(f"export type {name} =\n{_union(get_args(getattr(words, name)))};\n" for name in VOCABULARIES)
    generated = (folder / API).read_text(encoding="utf-8")
    (folder / API).write_text(f"{head(described)}{generated}\n{unions}", encoding="utf-8")
    for source in (*sources.glob("*.js"), sources / "things.d.ts"):
        shutil.copy(source, folder)
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (folder / "tsconfig.json").write_text(
        json.dumps({"compilerOptions": COMPILER, "include": ["*.js", "*.d.ts"]}), encoding="utf-8"
    )
    (folder / "node_modules").symlink_to(TOOLS)
    _run(folder, TOOLS / ".bin" / "tsc", "--project", ".")


def _run(folder: Path, *command: str | Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own tools
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command[0], done.stdout, done.stderr)


async def _fetched() -> Any:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=create_app()), base_url="http://mock") as client:
        return (await client.get("/_mock/openapi.json")).raise_for_status().json()


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        found = schema.get("$ref")
        if isinstance(found, str) and found.startswith(SCHEMAS):
            yield found.removeprefix(SCHEMAS)
        schema = list(schema.values())
    if isinstance(schema, list):
        for one in schema:
            yield from _references(one)


def _plain(schema: Any) -> Any:
    """Return a schema without the defaults that say no more than its type does."""
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {name: _plain(one) for name, one in schema.items()}
    if "default" in kept and not isinstance(kept["default"], (bool, int, float)):
        del kept["default"]
    return kept


def _union(known: tuple[str, ...]) -> str:
    return "\n".join(f"  | {json.dumps(word)}" for word in known)


def main() -> int:
    """Write the types into clients/node."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            write(SOURCES, folder)
        except subprocess.CalledProcessError as error:
            print(error.stdout, error.stderr, sep="\n", file=sys.stderr)
            return 1
        for made in folder.glob("*.d.ts"):
            shutil.copy(made, SOURCES)
    return 0


if __name__ == "__main__":
    sys.exit(main())
