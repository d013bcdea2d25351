import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import Cloud, Person, behaviour, refused

TOO_MANY = 429


@pytest.fixture
def ann(cloud: Cloud) -> Person:
    """Somebody in a world whose limits are enforced and whose clock stands still."""
    ann = cloud.user()
    cloud.configure({"rest.enforce_limits": True})
    cloud.freeze()
    return ann


def limit(cloud: Cloud, **numbers: int) -> None:
    cloud.control("PATCH", "/contract", {"limits": numbers})


@behaviour("LIM-02")
def test_limits_are_not_enforced_unless_asked(cloud: Cloud) -> None:
    """Without the setting a call over the limit is answered as any other."""
    ann = cloud.user()
    limit(cloud, resource_calls=1)
    with claim("LIM-02", "calls over the limit are answered"):
        observe([cloud.call("GET", "/users/me", ann).status_code for _ in range(3)], [200, 200, 200])


@behaviour("LIM-01", "LIM-02")
def test_a_call_over_the_limit_says_when_to_come_back(cloud: Cloud, ann: Person) -> None:
    """Beyond its limit a resource answers 429 with the seconds to wait, and works again after them."""
    limit(cloud, resource_calls=2)
    with claim("LIM-01", "calls up to the limit are answered"):
        expect([cloud.call("GET", "/users/me", ann).status_code for _ in range(2)], [200, 200])
    with claim("LIM-02", "a call over the limit is refused, with the seconds to wait", allows=[TOO_MANY]):
        answer = cloud.call("GET", "/users/me", ann)
        refused(answer, TOO_MANY, "rate.limited")
        observe(answer.headers["retry-after"], "60")
    cloud.advance(59)
    with claim("LIM-02", "the seconds to wait count down", allows=[TOO_MANY]):
        observe(cloud.call("GET", "/users/me", ann).headers["retry-after"], "1")
    cloud.advance(1)
    with claim("LIM-01", "the next minute has a limit of its own", allows=[TOO_MANY]):
        codes = [cloud.call("GET", "/users/me", ann).status_code for _ in range(3)]
        expect(codes, [200, 200, 429])


@behaviour("LIM-01")
def test_users_and_resources_are_counted_apart(cloud: Cloud, ann: Person) -> None:
    """What one user calls costs another nothing, and one resource leaves the others alone."""
    bob = cloud.user("bob@example.com")
    limit(cloud, resource_calls=1)
    with claim("LIM-01", "one user uses up a resource", allows=[TOO_MANY]):
        expect(cloud.call("GET", "/users/me", ann).status_code, 200)
        refused(cloud.call("GET", "/users/me", ann), TOO_MANY, "rate.limited")
    with claim("LIM-01", "another user may call it"):
        expect(cloud.call("GET", "/users/me", bob).status_code, 200)
    with claim("LIM-01", "another resource may be called"):
        expect(cloud.call("GET", "/users/me/settings", ann).status_code, 200)


@behaviour("LIM-01")
def test_all_calls_of_a_user_count_together(cloud: Cloud, ann: Person) -> None:
    """The limit of the whole API is met by calls of different resources."""
    limit(cloud, rest_calls=2)
    for path in ("/users/me", "/users/me/settings"):
        with claim("LIM-01", f"{path} is answered within the limit"):
            expect(cloud.call("GET", path, ann).status_code, 200)
    with claim("LIM-01", "a third resource is over the limit of five minutes", allows=[TOO_MANY]):
        answer = cloud.call("GET", "/users/me/spaces", ann)
        refused(answer, TOO_MANY, "rate.limited")
        observe(answer.headers["retry-after"], "300")


@behaviour("LIM-01")
def test_marking_read_has_a_lower_limit(cloud: Cloud, ann: Person) -> None:
    """Marking spaces read is limited more than other resources."""
    space = cloud.space(ann)
    with claim("LIM-01", "of sixty calls some are refused", allows=[TOO_MANY]):
        answers = [cloud.call("POST", f"/users/me/spaces/{space}/markread", ann, json={}) for _ in range(60)]
        observe({answer.status_code for answer in answers}, {200, 429})


@behaviour("LIM-01", "SPACES-INVITE-07")
def test_a_user_invites_ten_times_in_ten_minutes(cloud: Cloud, ann: Person) -> None:
    """The eleventh invitation within ten minutes is refused, creating spaces is not."""
    space = cloud.space(ann)
    body = {"invitees": [{"invitee": "pat@elsewhere.example"}]}
    with claim("LIM-01", "SPACES-INVITE-07", "the eleventh invitation of a user is refused", allows=[TOO_MANY]):
        answers = [cloud.call("POST", f"/spaces/{space}/invite", ann, json=body) for _ in range(11)]
        expect([answer.status_code for answer in answers], [200] * 10 + [429])
        observe(answers[-1].headers["retry-after"], "600")
    with claim("LIM-01", "a space may be created still"):
        assert cloud.space(ann, "another")


@behaviour("LIM-01", "SPACES-INVITE-07")
def test_an_address_invites_180_times_in_ten_minutes(cloud: Cloud, ann: Person) -> None:
    """All users of one address together have a limit of their own for invitations."""
    limit(cloud, invite_calls_per_address=2)
    body = {"invitees": [{"invitee": "pat@elsewhere.example"}]}
    people = [ann, *(cloud.user(f"{name}@example.com") for name in ("bob", "cleo"))]
    paths = [f"/spaces/{cloud.space(who)}/invite" for who in people]
    with claim("LIM-01", "SPACES-INVITE-07", "users of one address have a limit together", allows=[TOO_MANY]):
        codes = [cloud.call("POST", path, who, json=body).status_code for who, path in zip(people, paths, strict=True)]
        expect(codes, [200, 200, 429])


@behaviour("LIM-01")
def test_upload_urls_have_a_limit_of_their_own(cloud: Cloud, ann: Person) -> None:
    """The thirty-first upload URL within a minute is refused."""
    space = cloud.space(ann)
    body = {"topicId": space, "fileSize": 1, "fileType": "image", "contentType": "image/png"}
    with claim("LIM-01", "the thirty-first upload URL is refused", allows=[TOO_MANY]):
        answers = [cloud.call("POST", "/files/getuploadurl", ann, json=body) for _ in range(31)]
        expect([answer.status_code == TOO_MANY for answer in answers], [False] * 30 + [True])
