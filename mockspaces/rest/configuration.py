"""Where the surfaces are, which limits hold, and whether the server lives (MISC-CONF .. MISC-HEALTH)."""

from starlette.responses import PlainTextResponse

from mockspaces.asgi.handlers import Handler
from mockspaces.contract.shapes import service as shapes
from mockspaces.contract.shapes.lists import Data
from mockspaces.rest.call import Call, Handlers

FLAVOR = "mock"


async def service_configurations(call: Call) -> object:
    """Return the origins of this deployment, without path (MISC-CONF-01)."""
    origins = call.origins
    return shapes.Servers(
        spaces=shapes.SpacesServers(
            server_url=origins.rest, socketio_server_url=origins.socket, marketing_url=origins.web
        ),
        store=shapes.OneServer(server_url=origins.storage),
        accounts=shapes.OneServer(server_url=origins.accounts),
    )


async def limits(call: Call) -> object:
    """Return the limits; intervals in seconds, sizes in KB (MISC-LIMIT-01, LIM-01)."""
    known = call.world.contract.limits
    rest = shapes.RestLimits(
        rate_limit=known.rest_calls,
        rate_interval=known.rest_interval_s,
        max_upload_file_size=known.upload_kb,
    )
    sockets = shapes.SocketLimits(
        max_connections=known.socket_connections,
        rate_limit=known.socket_calls,
        rate_interval=known.socket_interval_s,
        payload_size=known.socket_payload_kb,
    )
    resources = (
        ("/files/getuploadurl", known.upload_calls, known.upload_interval_s),
        ("/spaces/:spaceId/invite", known.invite_calls, known.invite_interval_s),
        ("*", known.resource_calls, known.resource_interval_s),
    )
    return shapes.Limits(
        global_=shapes.GlobalLimits(rest_api=rest, socketio=sockets),
        resource=[
            shapes.ResourceLimit(
                path=path, method="POST" if path != "*" else "*", rate_limit=calls, rate_interval=interval
            )
            for path, calls, interval in resources
        ],
    )


async def flavors(call: Call) -> object:
    """Return the one deployment there is (MISC-FLAVOR-01)."""
    urls = shapes.FlavorUrls(apis=call.origins.rest, socket=call.origins.socket)
    return [shapes.Flavor(flavor_id=FLAVOR, urls=urls)]


async def flavor_of_email(_call: Call) -> object:
    """Return the deployment of an e-mail address, known or not (MISC-FLAVMAIL-01)."""
    return shapes.FlavorOfEmail(use_global=True, flavor_id=FLAVOR)


async def conference_numbers(call: Call) -> object:
    """Return invented numbers to dial in (MISC-CONFNUM-01)."""
    numbers = call.world.contract.rest.conference_numbers
    return Data([shapes.ConferenceNumber(description=place, number=number) for place, number in numbers.items()])


async def health(_call: Call) -> object:
    """Say OK (MISC-HEALTH-01)."""
    return PlainTextResponse("OK")


HANDLERS: Handlers = {
    "MISC-CONF": Handler(service_configurations),
    "MISC-LIMIT": Handler(limits),
    "MISC-FLAVOR": Handler(flavors),
    "MISC-FLAVMAIL": Handler(flavor_of_email),
    "MISC-CONFNUM": Handler(conference_numbers),
    "MISC-HEALTH": Handler(health),
}
