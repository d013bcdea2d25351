"""Host names of the vendor's deployments: what production clients have compiled in (ACC-GEN-01, REST-HOST-01, RT-EP-01).

No emulated surface looks at the Host header; the control API does (CTRL-06). The names are here for the certificate of
``serve --tls``, for ``--vendor-hosts``, and for whoever points them at the mock in a container network.
"""

from typing import Literal, get_args

from mockspaces.contract.rows import Row

Deployment = Literal["production", "older", "staging", "testing"]
Service = Literal["accounts", "rest", "socket", "web"]
DEPLOYMENTS: tuple[Deployment, ...] = get_args(Deployment)


class Host(Row, frozen=True, kw_only=True):
    """One name under which a service of one deployment is reached, always over TLS and on port 443."""

    name: str
    service: Service
    deployment: Deployment


ROWS = (
    Host(name="accounts.avayacloud.com", service="accounts", deployment="production", source="ACC-GEN-01; seed 001", confidence="D"),
    Host(name="spacesapis.avayacloud.com", service="rest", deployment="production", source="REST-HOST-01; seed 000 §6", confidence="D"),
    Host(name="spacesapis-socket.avayacloud.com", service="socket", deployment="production", source="RT-EP-01; guides/socketio", confidence="D"),
    Host(name="spaces.avayacloud.com", service="web", deployment="production", source="named as audience: AUTH-SVC-07; seed 000 §5"),
    Host(name="accounts.zang.io", service="accounts", deployment="older", source="ACC-GEN-01; seed 004", confidence="D"),
    Host(name="spacesapis.zang.io", service="rest", deployment="older", source="REST-HOST-01; clients", confidence="C"),
    Host(name="spacesapis-socket.zang.io", service="socket", deployment="older", source="RT-EP-01; clients", confidence="C"),
    Host(name="onesnastaging.esna.com", service="accounts", deployment="staging", source="ACC-GEN-01; seed 001", confidence="D"),
    Host(name="loganstagingapis.esna.com", service="rest", deployment="staging", source="REST-HOST-01; seed 000 §6", confidence="D"),
    Host(name="loganstagingapis-socket.esna.com", service="socket", deployment="staging", source="RT-EP-01; guides/socketio", confidence="D"),
    Host(name="loganstaging.esna.com", service="web", deployment="staging", source="seed 000 §2, seed 002 §1", confidence="D"),
    Host(name="onesnatesting.esna.com", service="accounts", deployment="testing", source="ACC-GEN-01; seed 003", confidence="D"),
)  # fmt: skip
NAMES = tuple(row.name for row in ROWS)


def origins(deployment: Deployment) -> dict[str, str]:
    """Return the origins of a deployment by service.

    Where no source names a host, another of the same deployment stands in: the mock serves everything on each.
    """
    known = {row.service: f"https://{row.name}" for row in ROWS if row.deployment == deployment}
    stand_in = known.get("rest") or known["accounts"]
    return {service: known.get(service, stand_in) for service in get_args(Service)}
