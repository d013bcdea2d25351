"""Pairing of room apps: the vendor's calls for it are not known, so only tests begin one (RT-PAIR-01)."""

from mockspaces.cloud.kernel.events import AppPaired
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.spaces import discovery
from mockspaces.cloud.store.entities import Space, User


async def authorize(world: World, user: User, space: Space, app_id: str) -> AppPaired:
    """Pair a room app with a user in a space: store its access token, and announce and return what happened."""
    token = await discovery.issue_space_token(world, user, space, app_id)
    code = world.ids.digits(world.contract.limits.pairing_code_digits)
    paired = AppPaired(user=user, space=space, token=token, code=code, time=world.clock.now_ms())
    await world.publish(paired)
    return paired
