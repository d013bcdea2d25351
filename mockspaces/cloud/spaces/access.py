"""May this caller do this here? Steps 3 to 6c of ERR-ORDER-01, driven by the endpoint's row."""

import msgspec

from mockspaces.cloud.kernel.caller import SPACES_SCOPE, Caller
from mockspaces.cloud.kernel.rejection import Rejection, not_found
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.entities import Member, Space, User, member_id
from mockspaces.contract import errors
from mockspaces.contract.permissions import TOPIC_CREATE
from mockspaces.contract.rows import Endpoint, Role


class Standing(msgspec.Struct, frozen=True):
    """Where a caller stands in a space; a stranger has no ``member`` entry and no role."""

    space: Space
    member: Member | None = None

    @property
    def role(self) -> Role | None:
        """The caller's role, or None for a stranger."""
        return self.member.role if self.member else None


def check_kind(endpoint: Endpoint, caller: Caller, *, act_as: bool = False, anonymous: bool = False) -> None:
    """Step 3: credential kind, service-app scope, OAuth scope (AUTH-SVC-14, AUTH-OAUTH-02, AUTH-ACT-01).

    ``anonymous`` opens the call to anonymous users whatever its row says.
    """
    if caller.kind == "svc":
        scope = endpoint.act_as_scope if act_as else endpoint.scope
        if "svc" not in endpoint.auth or scope is None:
            raise Rejection(errors.SCOPE_MISSING, f"no service-app scope opens {endpoint.id}")
        if scope not in caller.scopes:
            configured = ", ".join(caller.scopes) or "none"
            raise Rejection(errors.SCOPE_MISSING, f"{endpoint.id} needs scope {scope}; the app has {configured}")
    elif caller.kind not in endpoint.auth and not (anonymous and caller.kind == "anon"):
        accepted = ", ".join(endpoint.auth)
        raise Rejection(errors.KIND_NOT_ALLOWED, f"{endpoint.id} takes {accepted}, not {caller.kind}")
    elif act_as:
        raise Rejection(errors.KIND_NOT_ALLOWED, "X-Avaya-Act-As is for service apps only")
    elif caller.grant and SPACES_SCOPE not in caller.scopes:
        raise Rejection(errors.SCOPE_OAUTH_MISSING, "the token was granted without the scope spaces")


def check_caller(endpoint: Endpoint, caller: Caller) -> None:
    """Step 6c for calls that concern no space yet (PERM-MAP-04)."""
    if endpoint.permission == TOPIC_CREATE and caller.anonymous:
        raise Rejection(errors.PERMISSION_DENIED, "an anonymous user cannot own a space")


async def find_space(world: World, space_id: str) -> Space:
    """Step 4: the space that an id names. Refuses unknown and malformed ids alike."""
    space = await world.state.spaces.get(space_id)
    if space is None:
        raise not_found(errors.SPACE_NOT_FOUND, "space", space_id)
    return space


async def standing(world: World, caller: Caller, space: Space) -> Standing:
    """Return the caller's place in a space; a user who is listed by e-mail only has that entry (SPACES-JOIN-03)."""
    member = await world.state.members.get(member_id(space.id, caller.id))
    if member is None and isinstance(caller.person, User):
        for address in caller.person.emails:
            member = member or await world.state.members.get(member_id(space.id, address))
    return Standing(space, member)


async def admit(world: World, endpoint: Endpoint, caller: Caller, space: Space, pin: str | None) -> Standing:
    """Admit a caller to a call about a space: steps 5 to 6c. ``pin`` is what they sent, None if nothing."""
    check_company(caller, space)
    found = await standing(world, caller, space)
    check_stranger(found, admits=endpoint.admits_strangers and caller.app is None)
    if endpoint.pin == "join" or (endpoint.pin == "all" and world.settings.rest_pin_scope == "all"):
        check_pin(world, caller, found, pin)
    check_type(endpoint, space)
    check_role(world, endpoint, caller, found)
    return found


def check_company(caller: Caller, space: Space) -> None:
    """Step 5: a service app reaches only its own company (AUTH-SVC-15)."""
    if caller.app and space.company_id != caller.app.company_id:
        raise Rejection(errors.OTHER_COMPANY, f'space "{space.id}" is not of the company of app "{caller.app.id}"')


def check_stranger(found: Standing, *, admits: bool) -> None:
    """Step 6a: who is not in the space (PERM-PRIV-01)."""
    if found.member:
        return
    if found.space.type == "direct":
        raise Rejection(errors.PERMISSION_DENIED, "the caller is not a party of this direct space")
    if found.space.private:
        raise Rejection(errors.MEMBERS_ONLY, "the space is private (settings.memberOnly) and the caller is not in it")
    if not admits:
        raise Rejection(errors.PERMISSION_DENIED, "the caller is not in the space; it is open, so join it first")


def check_pin(world: World, caller: Caller, found: Standing, pin: str | None) -> None:
    """Step 6a: the PIN of a protected space (PERM-PIN-02..05)."""
    passed = found.member is not None and found.member.passed_pin and world.settings.rest_pin_scope == "join"
    if passed or not needs_pin(caller, found):
        return
    wanted = found.space.pin
    if pin in (None, "", "null"):
        raise Rejection(errors.PIN_REQUIRED, "the space is protected by a PIN and none was sent")
    if pin != wanted:
        raise Rejection(errors.PIN_WRONG, "the PIN that was sent is not that of the space")


def needs_pin(caller: Caller, found: Standing) -> bool:
    """Whether a caller has to know the PIN of a space (PERM-PIN-03)."""
    if not found.space.pin or found.role in ("admin", "member"):
        return False
    return caller.anonymous or asks_all_guests(found.space)


def asks_all_guests(space: Space) -> bool:
    """Whether registered guests need the PIN too (``settings.passwordRequired.allGuests``)."""
    return bool(space.settings.get("passwordRequired", {}).get("allGuests", True))


def check_type(endpoint: Endpoint, space: Space) -> None:
    """Step 6b: operations that this type of space does not know (PERM-DIR-01)."""
    if space.type not in endpoint.refuses:
        return
    if space.type == "direct":
        raise Rejection(errors.DIRECT_NOT_ALLOWED, f"{endpoint.id} is impossible in a direct space")
    raise Rejection(errors.PERMISSION_DENIED, f"{endpoint.id} is impossible in a {space.type} space")


def check_role(world: World, endpoint: Endpoint, caller: Caller, found: Standing) -> None:
    """Step 6c: the role that permission and service scope ask for (PERM-MAP-*, SCOPE-TAB-02)."""
    if found.member is None:
        return  # an admitted stranger: `check_stranger` has let them pass
    roles = world.contract.permissions[endpoint.permission].roles
    if roles is not None and found.role not in roles:
        raise Rejection(
            errors.PERMISSION_DENIED,
            f"{endpoint.permission} is held by {', '.join(roles)}; the caller is {found.role}",
        )
    if caller.kind != "svc" or endpoint.scope is None:
        return
    roles = world.contract.scopes[endpoint.scope].roles
    if roles is not None and found.role not in roles:
        raise Rejection(
            errors.PERMISSION_DENIED,
            f"scope {endpoint.scope} wants {', '.join(roles)}; the account is {found.role}",
        )
