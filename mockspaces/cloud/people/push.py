"""Subscriptions to push messages that are never sent (USERS-PUSHADD, USERS-PUSHDEL)."""

from mockspaces.cloud.kernel.rejection import not_found
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.entities import PushSubscription
from mockspaces.contract import errors


async def add(world: World, wanted: PushSubscription) -> PushSubscription:
    """Keep a subscription; the same device and id again replace the former one."""
    for known in await world.state.push_subscriptions.page("person", wanted.person_id):
        if (known.subscription_id, known.device_id) == (wanted.subscription_id, wanted.device_id):
            await world.state.push_subscriptions.delete(known.id)
    return await world.state.push_subscriptions.put(wanted)


async def remove(world: World, person_id: str, subscription_id: str, device_id: str) -> PushSubscription:
    """Remove the subscription that has both ids, or the one of them that it was made with (USERS-PUSHDEL-01)."""
    for known in await world.state.push_subscriptions.page("person", person_id):
        same_device = known.device_id in (device_id, None)
        if same_device and known.subscription_id in (subscription_id, None):
            await world.state.push_subscriptions.delete(known.id)
            return known
    raise not_found(errors.SUBSCRIPTION_NOT_FOUND, "push subscription", subscription_id)
