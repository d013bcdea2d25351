"""Numbers of the wire: lifetimes, sizes and counts, each with its unit in the name and its source."""

from typing import Annotated

import msgspec

from mockspaces.contract import rows
from mockspaces.contract.rows import Confidence


def _source(source: str, confidence: Confidence = "A") -> msgspec.Meta:
    return rows.source(source, confidence, ge=0)


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All limits of one deployment. ``_s`` means seconds."""

    # Credentials
    service_jwt_ahead_s: Annotated[int, _source("AUTH-SVC-09", "D")] = 3600
    access_token_s: Annotated[int, _source("ACC-TOKEN-09", "D")] = 3600
    expires_in_s: Annotated[int, _source("ACC-TOKEN-09", "D")] = 3599
    authorization_code_s: Annotated[int, _source("ACC-AUTHZ-18")] = 600
    id_token_s: Annotated[int, _source("ACC-IDT-01", "D")] = 3600
    user_jwt_s: Annotated[int, _source("ACC-UJWT-03", "C")] = 2_592_000
    anonymous_jwt_s: Annotated[int, _source("ACC-ANON-01", "D")] = 86_400
    space_access_token_s: Annotated[int, _source("ACC-SAT-01", "D")] = 432_000
    space_access_token_chars: Annotated[int, _source("ACC-SAT-01", "D")] = 32
    token_chars: Annotated[int, _source("a header line of this size never comes from a real client")] = 8192
    code_challenge_min_chars: Annotated[int, _source("ACC-AUTHZ-07")] = 43
    code_challenge_max_chars: Annotated[int, _source("ACC-AUTHZ-07")] = 128
    credentials: Annotated[int, _source("the mock's own: of more of a kind the oldest is forgotten, as of uploads")] = (
        50_000
    )
    signing_keys: Annotated[
        int, _source("ACC-UJWT-04: the mock's own; of more the oldest is dropped, never the last")
    ] = 100
    # Requests
    body_bytes: Annotated[int, _source("REST-REQ-05")] = 5 * 1024 * 1024
    frame_bytes: Annotated[int, _source("RT-EP-08: a longer one is ignored; no less than a body may have")] = (
        5 * 1024 * 1024
    )
    json_depth: Annotated[int, _source("REST-REQ-07")] = 32
    json_containers: Annotated[int, _source("the mock's own: more would hold up everybody while they are read")] = (
        20_000
    )
    form_escapes: Annotated[int, _source("the mock's own, for the same reason")] = 50_000
    archive_bytes: Annotated[int, _source("the mock's own: of a recording handed to a mock, once it is unpacked")] = (
        256 * 1024 * 1024
    )
    archive_entry_bytes: Annotated[
        int, _source("the mock's own: a larger entry of it is counted and left alone, for the same reason")
    ] = 4 * 1024 * 1024
    pattern_chars: Annotated[int, _source("the mock's own, for the same reason; patterns of planned faults")] = 500
    page_size_max: Annotated[int, _source("PAGE-SIZE-01", "D")] = 50
    page_bytes: Annotated[
        int, _source("PAGE-SIZE-02: the mock's own; no answer needs more room than a request has")
    ] = 5 * 1024 * 1024
    search_chars: Annotated[int, _source("PAGE-RX-01")] = 200
    # Users
    colleagues_bulk: Annotated[int, _source("USERS-COLLBULK-01", "D")] = 50
    people: Annotated[int, _source("USERS-PEOPLE-02", "D")] = 5
    bulk_operations: Annotated[int, _source("USERS-BULK-01", "D")] = 10
    password_min_chars: Annotated[int, _source("USERS-BULK-03", "D")] = 4
    password_max_chars: Annotated[int, _source("USERS-BULK-03", "D")] = 200
    displayname_chars: Annotated[int, _source("USERS-BULK-04", "D")] = 380
    space_list: Annotated[int, _source("USERS-MSGS-01", "D")] = 15
    # Spaces, messages, files
    invitees: Annotated[int, _source("SPACES-INVITE-06")] = 100
    call_receivers: Annotated[int, _source("the mock's own, so that one offer cannot reach without end")] = 100
    conference_id_digits: Annotated[int, _source("DM-SET-01", "D")] = 9
    link_password_digits: Annotated[int, _source("DM-INV-02", "C")] = 32
    pairing_code_digits: Annotated[int, _source("the mock's own: no source shows a pairing code")] = 6
    settings_depth: Annotated[int, _source("SPACES-UPDATE-03")] = 8
    settings_bytes: Annotated[int, _source("SPACES-UPDATE-03")] = 16 * 1024
    delete_messages: Annotated[int, _source("MSG-DELETE-01", "D")] = 100
    files_per_call: Annotated[int, _source("the mock's own, so that one call cannot fill the memory")] = 100
    outbox: Annotated[int, _source("the mock's own, for the same reason: of more e-mails the oldest is forgotten")] = (
        10_000
    )
    download_keys: Annotated[int, _source("the mock's own, for the same reason")] = 1000
    attachments: Annotated[int, _source("the mock's own, for the same reason")] = 100
    upload_url_s: Annotated[int, _source("FILES-UP-02")] = 3600
    download_url_s: Annotated[int, _source("FILES-DOWN-02")] = 3600
    # Rate limits as GET /limit tells them
    rest_calls: Annotated[int, _source("LIM-01", "D")] = 600
    rest_interval_s: Annotated[int, _source("LIM-01", "D")] = 300
    resource_calls: Annotated[int, _source("LIM-01", "D")] = 60
    resource_interval_s: Annotated[int, _source("LIM-01", "D")] = 60
    upload_calls: Annotated[int, _source("LIM-01", "D")] = 30
    upload_interval_s: Annotated[int, _source("LIM-01", "D")] = 60
    invite_calls: Annotated[int, _source("LIM-01", "D")] = 10
    invite_calls_per_address: Annotated[int, _source("LIM-01", "D")] = 180
    invite_interval_s: Annotated[int, _source("LIM-01", "D")] = 600
    socket_connections: Annotated[int, _source("MISC-LIMIT-01, RT-AUTH-13", "D")] = 3
    socket_calls: Annotated[int, _source("MISC-LIMIT-01, RT-AUTH-13", "D")] = 600
    sockets: Annotated[int, _source("the mock's own, for whoever lists them; a CONNECT beyond is refused")] = 20_000
    socket_interval_s: Annotated[int, _source("MISC-LIMIT-01, RT-AUTH-13", "D")] = 60
    socket_payload_kb: Annotated[int, _source("MISC-LIMIT-01, RT-AUTH-13", "D")] = 16
    upload_kb: Annotated[int, _source("MISC-LIMIT-01: told only; what is stored is bound by a setting", "D")] = (
        1_048_576
    )
    markread_calls: Annotated[int, _source("LIM-01: lower than the others, number unknown")] = 30
    markread_interval_s: Annotated[int, _source("LIM-01")] = 60


# What whoever runs the mock hands over, to the control API or as a file, may be thorough; no overlay concerns it.
OPERATOR = Limits(json_containers=5_000_000)
