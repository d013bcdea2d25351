"""POST /anonymous/auth: a token for guests without an account (USERS-ANON)."""

from typing import Annotated
from urllib.parse import parse_qsl

import msgspec

from mockspaces.asgi.decoding import decode
from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.identity import tokens
from mockspaces.cloud.kernel.complaints import refusal
from mockspaces.cloud.kernel.rejection import invalid
from mockspaces.cloud.people import people
from mockspaces.contract.shapes.people import GuestToken
from mockspaces.rest.call import Call, Handlers

Name = Annotated[str, msgspec.Meta(max_length=1000)]


class Guest(msgspec.Struct, frozen=True):
    """What a guest may say about himself; other members are ignored (USERS-ANON-01)."""

    displayname: Name = ""
    username: Name = ""
    picturefile: Name = ""


async def authenticate_guest(call: Call) -> object:
    """Make a new anonymous user and answer their token.

    The body is a JSON object or a form, whatever the media type says (USERS-ANON-05).
    """
    body, limits = (await call.text()).strip(), call.world.contract.limits
    media_type = (call.exchange.header(b"content-type") or "").partition(";")[0].strip().lower()
    if media_type == "application/x-www-form-urlencoded" and not body.startswith(b"{"):
        if body.count(b"%") > limits.form_escapes:
            raise invalid("", f"more than {limits.form_escapes} escapes")
        try:
            pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict")
            guest = msgspec.convert(dict(pairs), Guest)
        except UnicodeDecodeError:
            raise invalid("", "the form is not UTF-8") from None
        except msgspec.ValidationError as error:
            raise refusal(str(error), Guest, whole="form") from None
    else:
        guest = decode(body, Guest, limits)
    person = await people.create_anonymous(call.world, guest.username, guest.displayname, guest.picturefile)
    return GuestToken(token=tokens.anonymous_jwt(call.world, person))


HANDLERS: Handlers = {
    "USERS-ANON": Handler(authenticate_guest, body=Guest),
}
