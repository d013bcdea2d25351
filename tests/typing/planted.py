"""Tests as people write them, with mistakes: a type checker has to find every line that says so, and no other."""

from datetime import timedelta

from mockspaces import Fault, JournalEntry, Mockspaces, ServiceApp, Space, Spread, User


def right(mockspaces: Mockspaces) -> None:
    ann: User = mockspaces.find_user("ann@example.com")
    room: Space = mockspaces.space("Room", owner=ann, members={"bob@example.com": "admin"}, archived=False)
    app: ServiceApp = mockspaces.service_app(scopes="spaces.create")
    mockspaces.service_app(scopes=["spaces.create", "spaces.list"], company="Example")
    task = mockspaces.message(room, "Do it", username="bob@example.com", category="task", assignees=[ann])
    mockspaces.reply(task, "Done", username=ann)
    fault: Fault = mockspaces.reject("auth.credential_expired", "GET /users/me", times=1, caller="ann@example.com")
    fault.drop()
    mockspaces.fail("POST /spaces/{spaceId}/chats", status=503, delay=timedelta(seconds=1))
    mockspaces.delay(Spread(median=0.2, p99=1.5), event="MESSAGE_SENT")
    mockspaces.misbehave("id_token.bad_signature", times=1)
    mockspaces.settings(rest_enforce_limits=True, accounts_auto_login=None)
    mockspaces.user("zoe@example.com", licenses=["spaces_power"])
    entry: JournalEntry = mockspaces.journal.last(status="4xx", route="GET /users/me", refused=True)
    assert entry.request_headers["authorization"] != app.jwt(expires_in=-1, aud=["here", "there"])
    mockspaces.assert_called("GET /users/me", times=2, code="auth.credential_expired")
    mockspaces.assert_not_called(event="SEND_MESSAGE")
    mockspaces.clock.advance(timedelta(hours=1))
    mockspaces.token(ann, kind="sat", space_id=room)


def wrong(mockspaces: Mockspaces) -> None:
    mockspaces.reject("auth.credential_expird")  # MISTAKE: code
    mockspaces.service_app(scopes=["spaces.craete"])  # MISTAKE: scope
    mockspaces.service_app(scopes="spaces.craete")  # MISTAKE: scope
    mockspaces.fail("POST /spaces/invit", status=503)  # MISTAKE: route
    mockspaces.fail(route="GET /users/me", staus=503)  # MISTAKE: name
    mockspaces.faults.plan(match={"event": "MESAGE_SENT"}, frame="swallow")  # MISTAKE: event
    mockspaces.faults.plan(frame="swalow")  # MISTAKE: what happens to a frame
    mockspaces.faults.plan(transport="resett")  # MISTAKE: what happens to a connection
    mockspaces.misbehave("id_token.bad_signatur")  # MISTAKE: misbehaviour
    mockspaces.settings(rest_enforce_limit=True)  # MISTAKE: setting
    mockspaces.settings(accounts_error_style="rfc6748")  # MISTAKE: value of a setting
    mockspaces.user("zoe@example.com", licenses=["spaces_powr"])  # MISTAKE: licence
    mockspaces.user("zoe@example.com", pasword="x")  # MISTAKE: name
    mockspaces.journal.count(surface="acounts")  # MISTAKE: surface
    mockspaces.journal.find(statu=401)  # MISTAKE: filter
    mockspaces.journal.last(status="6xx")  # MISTAKE: class of a status
    mockspaces.assert_called("GET /users/mee")  # MISTAKE: route
    mockspaces.assert_not_called(method="get")  # MISTAKE: method
    mockspaces.space("Room", owner="ann@example.com", members={"bob@example.com": "owner"})  # MISTAKE: role
    mockspaces.message("1", "x", username="ann@example.com", parentMsg="2")  # MISTAKE: name
    mockspaces.message("1", "x", username="ann@example.com", category="post")  # MISTAKE: category
    mockspaces.token("ann@example.com", kind="bearer")  # MISTAKE: kind
    mockspaces.close_sockets("idel")  # MISTAKE: how
    mockspaces.clock.advance("1h")  # MISTAKE: duration
    mockspaces.open_world(sead="empty")  # MISTAKE: name
    Mockspaces.start(max_world=3)  # MISTAKE: option
    assert mockspaces.journal.last().wy  # MISTAKE: attribute
    mockspaces.service_app().jwt(expire_in=1)  # MISTAKE: name
