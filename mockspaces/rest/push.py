"""Push subscriptions (USERS-PUSHADD, USERS-PUSHDEL)."""

from typing import Literal

import msgspec

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.rejection import invalid
from mockspaces.cloud.people import push
from mockspaces.cloud.store.entities import PushSubscription
from mockspaces.cloud.views import person_views
from mockspaces.rest.call import Call, Handlers


class Body(msgspec.Struct, frozen=True, rename="camel"):
    """A new subscription (USERS-PUSHADD-01)."""

    data_only: bool = False
    subscription_type: Literal["firebase"] = "firebase"
    subscription_id: str | None = None
    device_id: str | None = None
    scope: tuple[Literal["group", "direct", "all"], ...] = ("all",)
    device_type: Literal["browser", "mobile"] | None = None


async def add(call: Call) -> object:
    """Subscribe a device; nothing is ever pushed (USERS-PUSHADD-01..03)."""
    body = await call.decode(Body)
    if not body.subscription_id and not body.device_id:
        raise invalid("subscriptionId", "required without deviceId")
    made = PushSubscription(
        id=call.world.ids.object_id(),
        person_id=call.caller.id,
        created=call.world.clock.now_ms(),
        subscription_id=body.subscription_id or None,
        device_id=body.device_id or None,
        data_only=body.data_only,
        scope=body.scope,
        device_type=body.device_type,
    )
    return person_views.push_subscription(await push.add(call.world, made), "active")


async def remove(call: Call) -> object:
    """Unsubscribe a device (USERS-PUSHDEL-01..03)."""
    for name in ("subscriptionId", "deviceId"):
        if not call.query.get(name):
            raise invalid(name, "required")
    query = call.query
    removed = await push.remove(call.world, call.caller.id, query["subscriptionId"], query["deviceId"])
    return person_views.push_subscription(removed, "removing")


HANDLERS: Handlers = {
    "USERS-PUSHADD": Handler(add, body=Body),
    "USERS-PUSHDEL": Handler(remove),
}
