"""The current user (rest section "users/me")."""

from mockspaces.cloud import views
from mockspaces.rest.call import Call, handle


@handle("USERS-ME")
async def current_user(call: Call) -> object:
    """Return the caller as a bare object (USERS-ME-01, -03)."""
    company_id = call.caller.company_id
    company = await call.world.state.companies.get(company_id) if company_id else None
    return views.person(call.origins, call.caller.person, company)
