"""Where the surfaces are, and whether the server lives (MISC-CONF, MISC-HEALTH)."""

from starlette.responses import PlainTextResponse

from mockspaces.rest.call import Call, handle


@handle("MISC-CONF")
async def service_configurations(call: Call) -> object:
    """Return the origins of this deployment, without path (MISC-CONF-01)."""
    origins = call.origins
    return {
        "spaces": {
            "server_url": origins.rest,
            "socketio_server_url": origins.socket,
            "marketing_url": origins.web,
        },
        "store": {"server_url": origins.storage},
        "accounts": {"server_url": origins.accounts},
    }


@handle("MISC-HEALTH")
async def health(_call: Call) -> object:
    """Say OK (MISC-HEALTH-01)."""
    return PlainTextResponse("OK")
