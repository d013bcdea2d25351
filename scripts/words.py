"""Writes mockspaces/client/words.py: the closed vocabularies of the control API as types, made from the contract.

`python -m scripts.words` writes it anew; a test fails while it is not what the contract says.
"""

import types
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from mockspaces.cloud.kernel.misbehaviour import ROWS as MISBEHAVIOURS
from mockspaces.cloud.store.run import Frame, Transport
from mockspaces.config import Config
from mockspaces.contract import Contract, events
from mockspaces.contract.licences import SERVICE_TYPES
from mockspaces.contract.rows import Role
from mockspaces.contract.settings import Settings, wire_name
from mockspaces.control.vocabulary import API, METHODS, SURFACES

PLACE = Path(__file__).parent.parent / "mockspaces" / "client" / "words.py"
HEAD = '''"""The closed vocabularies of the control API as types.

Made from the contract by `python -m scripts.words`; do not edit.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

'''


def text() -> str:
    """Return the module as the contract has it."""
    contract = Contract.shipped()
    rows = [row for row in contract.endpoints.values() if row.surface != "control" and row.method != "CONNECT"]
    told = (*events.CLIENT_EVENTS, *events.SERVER_EVENTS, events.CONNECT_EVENT)
    routes = sorted({f"{row.method} {path.removeprefix(API)}" for row in rows for path in (row.path, *row.aliases)})
    words: dict[str, Iterable[str]] = {
        "Code": contract.errors,
        "Scope": contract.scopes,
        "OAuthScope": contract.oauth_scopes,
        "Route": routes,
        "EndpointId": [row.id for row in rows] + [events.CONNECT.id],
        "FaultEvent": told,
        "Event": (*told, events.DISCONNECT_EVENT),
        "Surface": SURFACES,
        "Method": METHODS,
        "Direction": ("IN", "OUT"),
        "Misbehaviour": [row.name for row in MISBEHAVIOURS],
        "Licence": SERVICE_TYPES,
        "Role": get_args(Role),
        "TransportFault": get_args(Transport),
        "FrameFault": get_args(Frame),
    }
    return "\n".join(
        [
            HEAD + "\n".join(_literal(name, known) for name, known in words.items()),
            "",
            _typed_dict("SettingChanges", Settings, "Settings of a world by their names in Python: `area_name`."),
            _wire_settings(),
            "",
            _typed_dict("ServerOptions", Config, "How a server runs, as `Config` has it."),
        ]
    )


def _literal(name: str, words: Iterable[str]) -> str:
    lines = "".join(f'    "{word}",\n' for word in dict.fromkeys(words))
    return f"{name} = Literal[\n{lines}]\n"


def _typed_dict(name: str, source: type, purpose: str) -> str:
    members = "".join(f"    {member}: {_shown(kind)}\n" for member, kind in get_type_hints(source).items())
    return f'\nclass {name}(TypedDict, total=False):\n    """{purpose}"""\n\n{members}'


def _wire_settings() -> str:
    members = "".join(
        f'        "{wire_name(member)}": {_shown(kind)},\n' for member, kind in get_type_hints(Settings).items()
    )
    return f'\nSettingValues = TypedDict(\n    "SettingValues",\n    {{\n{members}    }},\n)\n'


def _shown(kind: Any) -> str:
    """Return an annotation as it is written; what is only read may be any sequence or mapping."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return " | ".join(_shown(one) for one in arguments)
    if origin is Literal:
        return f"Literal[{', '.join(chr(34) + word + chr(34) for word in arguments)}]"
    if origin is tuple:
        return f"Sequence[{_shown(arguments[0])}]"
    if origin is not None:
        return f"Mapping[{', '.join(_shown(one) for one in arguments)}]"
    return {type(None): "None", Any: "Any"}.get(kind) or str(kind.__name__)


if __name__ == "__main__":
    PLACE.write_text(text(), encoding="utf-8")
