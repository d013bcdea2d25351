"""Why a mutant may live: each is no other cloud than the right one, as far as the wire shows."""

GUARD = "the mock's own guard; no behaviour tells a number"
INVENTED = "invented by us, so that no behaviour tells which there are"
IN_BULK = "told by its code as the result of one operation, in an answer of status 200"
IN_REDIRECT = "told to the client by a redirect, which has a status of its own"
ON_SOCKET = "told on the socket, where there is no status"
ON_PAGE = "told to a person on a page that shows the message and no code"
ROLES_TWICE = "the permission of the call asks for the same roles already"
SHIPPED = "answered by the control API, which keeps to the shipped words whatever the overlay of a world says"

NEVER_EDITED = "a meeting cannot be edited (MSG-UPDATE-07), so that null is what everybody sees"

REASONS = {
    "endpoint MSG-IDEA refuses no type of space": "creating a message refuses it again, since sockets create posts too",
    "endpoint MSG-TASK refuses no type of space": "creating a message refuses it again, since sockets create tasks too",
    "endpoint SPACES-INVJOIN without PIN": "joining by a link asks for the PIN itself, after it has looked at the link",
    "endpoint ACC-IMG refusals as page": "a picture for everybody: there is nothing to refuse",
    "fact rest conference_numbers without United Kingdom": INVENTED,
    "fact rest conference_numbers without United States": INVENTED,
    "error app.event.channel.subscription.required status": ON_SOCKET,
    "error invalid.parameters status": ON_SOCKET,
    "error license.not_available status": IN_BULK,
    "error user.already_exists status": IN_BULK,
    "error oauth.access_denied status": IN_REDIRECT,
    "error oauth.unsupported_response_type status": IN_REDIRECT,
    "error oauth.csrf_failed code": ON_PAGE,
    "error oauth.untrusted_request code": ON_PAGE,
    "error request.unsupported_type code": SHIPPED,
    "error request.unsupported_type status": SHIPPED,
    "limit files_per_call +1": "the mock's own, so that one call cannot fill its memory; no behaviour tells a number",
    "limit files_per_call -1": "the mock's own, so that one call cannot fill its memory; no behaviour tells a number",
    "limit pairing_code_digits +1": INVENTED,
    "limit pairing_code_digits -1": INVENTED,
    **{
        f"limit {name} {change}": GUARD
        for name in (
            *("attachments", "call_receivers", "credentials", "download_keys", "form_escapes", "json_containers"),
            *("outbox", "pattern_chars", "signing_keys", "sockets", "token_chars"),
        )
        for change in ("+1", "-1")
    },
    "shape Meeting.modified null": NEVER_EDITED,
    "shape ListedMeeting.modified null": NEVER_EDITED,
    **{
        f"scope {name} any role": ROLES_TWICE
        for name in (
            *("spaces.delete", "spaces.messages.write", "spaces.post.create", "spaces.settings.write"),
            "spaces.task.create",
        )
    },
}
