"""Two of something, a second time and the exact edge, of spaces and who is in them."""

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import Cloud, Person, behaviour, only_mock, refused


def roles(cloud: Cloud, space: str, who: Person) -> dict[str, str]:
    data = cloud.call("GET", f"/spaces/{space}/members", who).json()["data"]
    return {one["member"]: one["role"] for one in data}


def invite(cloud: Cloud, space: str, who: Person, *invitees: dict[str, str]) -> str:
    answer = cloud.call("POST", f"/spaces/{space}/invite", who, json={"invitees": list(invitees)})
    made: str = answer.json()["data"][0]["_id"]
    return made


@behaviour("SPACES-INVDEL-02")
def test_an_address_in_two_invites_waits_until_both_are_deleted(cloud: Cloud) -> None:
    """The entry of an address is removed with the last invite that names it, in any letter case."""
    ann = cloud.user()
    space = cloud.space(ann)
    first, second = (invite(cloud, space, ann, {"invitee": one}) for one in ("Pat@new.example", "pat@new.example"))
    for made, waits in ((first, True), (second, False)):
        cloud.call("DELETE", f"/spaces/invites/{made}", ann)
        with claim("SPACES-INVDEL-02", "the address waits on" if waits else "the address is gone"):
            observe("pat@new.example" in roles(cloud, space, ann), waits)


@behaviour("SPACES-INVITE-05")
def test_of_two_addresses_that_become_one_user_the_higher_role_counts(cloud: Cloud) -> None:
    """A user who registers with two invited addresses has one entry, with the higher role, whichever came first."""
    only_mock(cloud, "people who do not exist yet")
    ann = cloud.user()
    spaces = [cloud.space(ann, title) for title in ("One", "Two")]
    for space, pair in zip(spaces, (("guest", "admin"), ("admin", "guest")), strict=True):
        addresses = zip(("Late@Example.com", "other@new.example"), pair, strict=True)
        invite(cloud, space, ann, *({"invitee": address, "role": role} for address, role in addresses))
    late = cloud.user("late@example.com", other_emails=["other@new.example"])
    with claim("SPACES-INVITE-05", "there is one entry, with the higher role"):
        observe([roles(cloud, one, ann) for one in spaces], [{ann.id: "admin", late.id: "admin"}] * 2)


@behaviour("SPACES-ROLE-05", "SPACES-ROLE-06")
def test_the_same_role_again_changes_nothing(cloud: Cloud) -> None:
    """The only admin may be given the role that they have; that is no change and no activity."""
    cloud.freeze()
    ann = cloud.user()
    space = cloud.space(ann)
    before = cloud.call("GET", f"/spaces/{space}", ann).json()["modified"]
    cloud.advance(1)
    path = f"/spaces/{space}/attendees/userId/{ann.id}"
    with claim("SPACES-ROLE-06", "the only admin is made admin once more"):
        observe(cloud.call("POST", path, ann, json={"role": "admin"}).status_code, 200)
    with claim("SPACES-ROLE-05", "it is no activity"):
        observe(cloud.call("GET", f"/spaces/{space}", ann).json()["modified"], before)


@behaviour("SPACES-DIRECT-04")
def test_two_people_without_company_are_strangers(cloud: Cloud) -> None:
    """Having no company is no company in common; having met once is enough, for both."""
    only_mock(cloud, "needs people who have never met")
    fred, sid, ann = cloud.user("fred@freelance.example"), cloud.user("sid@elsewhere.example"), cloud.user()
    with claim("SPACES-DIRECT-04", "two people without company cannot open one"):
        refused(cloud.call("GET", f"/spaces/direct/user/{sid.id}", fred), 403, "permission.denied")
    cloud.space(ann, invitees=[{"invitee": fred.username}, {"invitee": sid.username}])
    with claim("SPACES-DIRECT-04", "once together in a space, both get the same one"):
        answers = [cloud.call("GET", f"/spaces/direct/user/{b.id}", a) for a, b in ((fred, sid), (sid, fred))]
        observe(len({answer.json()["data"][0]["_id"] for answer in answers}), 1)


@behaviour("SPACES-CREATE-10")
def test_a_meeting_may_end_when_it_begins(cloud: Cloud) -> None:
    """Only an end before the start is refused, by as little as a millisecond."""
    ann = cloud.user()
    start = "2031-02-03T04:05:06.789Z"
    for name, end, status in (("at the start", start, 200), ("a millisecond before", "2031-02-03T04:05:06.788Z", 400)):
        body = {"topic": {"title": "Room"}, "startDateTime": start, "endDateTime": end}
        with claim("SPACES-CREATE-10", f"an end {name}: status {status}"):
            expect(cloud.call("POST", "/spaces/invite", ann, json=body).status_code, status)


@behaviour("SPACES-INVJOIN-02")
def test_the_link_raises_who_has_joined_as_guest(cloud: Cloud) -> None:
    """Somebody who joined an open space and is then invited as member becomes one by the link, and stays it."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    space = cloud.open_space(ann)
    cloud.call("GET", f"/spaces/{space}/join", bob)
    made = invite(cloud, space, ann, {"invitee": bob.username, "role": "member"})
    link = f"/spaces/invites/{made}/join"
    for name, path in (
        ("the link", link),
        ("the space itself, later", f"/spaces/{space}/join"),
        ("the link, again", link),
    ):
        with claim("SPACES-INVJOIN-02", f"by {name} they are member"):
            observe(cloud.call("GET", path, bob).json()["topic"]["role"], "member")


@behaviour("SPACES-INVJOIN-02")
def test_of_two_invited_addresses_the_higher_role_is_given(cloud: Cloud) -> None:
    """Somebody who has two of the invited addresses gets the higher role by the link, whichever was named first."""
    only_mock(cloud, "people who do not exist yet")
    ann = cloud.user()
    space = cloud.space(ann)
    pair = ({"invitee": "late@example.com", "role": "member"}, {"invitee": "other@new.example", "role": "admin"})
    made = invite(cloud, space, ann, *pair)
    late = cloud.user("late@example.com", other_emails=["other@new.example"])
    cloud.call("POST", f"/spaces/{space}/attendees/userId/{late.id}", ann, json={"role": "member"})
    with claim("SPACES-INVJOIN-02", "who was made member meanwhile is admin again"):
        observe(cloud.call("GET", f"/spaces/invites/{made}/join", late).json()["topic"]["role"], "admin")


@behaviour("PERM-ARCH-01")
def test_the_link_into_a_space_that_was_archived_is_for_its_people(cloud: Cloud) -> None:
    """A link that was made before the space was archived lets nobody in any more, but whoever is in it already."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    space = cloud.space(ann)
    made = invite(cloud, space, ann, {"invitee": bob.username})
    cloud.control("PATCH", f"/spaces/{space}", {"archived": True})
    link = f"/spaces/invites/{made}/join"
    with claim("PERM-ARCH-01", "a stranger with the link is refused"):
        refused(cloud.call("GET", link, cloud.guest()), 403, "topic.invalid_acesss_to_archived_topic")
    with claim("PERM-ARCH-01", "who was invited before comes in"):
        expect(cloud.call("GET", link, bob).status_code, 200)


@behaviour("SPACES-MEMBERS-01", "PAGE-RX-01", "SPACES-INVITE-06")
def test_a_search_goes_through_a_long_roster(cloud: Cloud) -> None:
    """What stands behind a hundred and sixty others is found, and the pages of what is found follow each other."""
    only_mock(cloud, "a service is spared so many invitations")
    ann = cloud.user()
    space = cloud.space(ann)
    wanted = [f"zoe{number}@elsewhere.example" for number in range(3)]
    addresses = [*(f"p{number:03}@elsewhere.example" for number in range(160)), *wanted]
    with claim("SPACES-INVITE-06", "a hundred at once, and then others, are all in the roster"):
        for some in (addresses[:100], addresses[100:]):
            body = {"invitees": [{"invitee": one} for one in some]}
            expect(cloud.call("POST", f"/spaces/{space}/invite", ann, json=body).status_code, 200)
    with claim("SPACES-MEMBERS-01", "PAGE-RX-01", "the last ones are found, page by page"):
        pages = [
            cloud.call("GET", f"/spaces/{space}/members", ann, params={"search": "^zoe", "size": "2", "page": page})
            for page in ("0", "1")
        ]
        expect([one["member"] for page in pages for one in page.json()["data"]], wanted)
