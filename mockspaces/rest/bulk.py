"""Many users at once, each operation with its own result (USERS-BULK)."""

from typing import Any

import msgspec

from mockspaces.asgi.decoding import decode
from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.rejection import Rejection, invalid
from mockspaces.cloud.messaging import bulk
from mockspaces.cloud.messaging.bulk import Operation
from mockspaces.cloud.views import person_views
from mockspaces.contract import errors
from mockspaces.contract.shapes.lists import Data
from mockspaces.contract.shapes.people import Done, Failed
from mockspaces.rest.call import Call, Handlers


async def update(call: Call) -> object:
    """Carry out up to ten operations; one that fails does not stop the others (USERS-BULK-01, -08..10)."""
    operations = await call.decode(list[dict[str, Any]])
    most = call.world.contract.limits.bulk_operations
    if not 1 <= len(operations) <= most:
        raise invalid("body", f"expected 1 to {most} operations")
    company = await call.world.state.companies.get(call.caller.company_id or "")
    if company is None:
        raise Rejection(errors.OTHER_COMPANY, "the app has no company")
    results: list[Done | Failed] = []
    for number, sent in enumerate(operations):
        try:
            operation = decode(msgspec.json.encode(sent), Operation, call.world.contract.limits)
            with call.world.transactions.part():
                user = await bulk.run(call.world, company, operation)
        except Rejection as rejection:
            row = call.world.contract.errors[rejection.code]
            message = row.text(rejection.detail)
            email, action = sent.get("email"), sent.get("action")
            results.append(Failed(email=email, action=action, code=row.code, message=message))
            call.exchange.note(f"[{number}]: {rejection.why}")
        else:
            shown = person_views.short(call.origins, user) if user else None
            results.append(Done(email=operation.email, action=operation.action, user=shown))
    return Data(results)


HANDLERS: Handlers = {
    "USERS-BULK": Handler(update, body=list[dict[str, Any]]),
}
