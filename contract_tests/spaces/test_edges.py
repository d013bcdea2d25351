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


@behaviour(
    "SPACES-CREATE-05",
    "SPACES-CREATE-06",
    "SPACES-CREATE-07",
    "SPACES-CREATE-08",
    "SPACES-UPDATE-04",
    "DM-SPACE-01",
    "DM-INV-01",
)
def test_two_spaces_made_at_once_are_two(cloud: Cloud) -> None:
    """Space, invite, link and settings of two people who create the same thing are told apart, and stay so."""
    ann, mia = cloud.user(), cloud.user("mia@example.com")
    body = {"topic": {"title": "Same"}, "invitees": [{"invitee": "pat@new.example"}], "informChannel": "client"}
    made = {who: cloud.call("POST", "/spaces/invite", who, json=body).json() for who in (ann, mia)}
    spaces = {who: answer["data"][0]["topicId"] for who, answer in made.items()}
    with claim("SPACES-CREATE-05", "each has a space and an invite of its own"):
        expect(len({*spaces.values(), *(answer["data"][0]["_id"] for answer in made.values())}), 4)
    with claim("DM-INV-01", "each invite is of the one who made it, for their space"):
        observe(
            [(one["data"][0]["cid"], one["data"][0]["topicId"]) for one in made.values()],
            [(who.id, spaces[who]) for who in made],
        )
    with claim("SPACES-CREATE-06", "SPACES-CREATE-07", "each text has the link of its own invite"):
        for answer in made.values():
            assert f"/spaces/invites/{answer['data'][0]['_id']}/join" in answer["inviteContent"]["text"]
    for who, space in spaces.items():
        changed = cloud.call(
            "POST", f"/spaces/{space}", who, json={"description": f"of {who.username}", "settings": {"confPin": "12"}}
        )
        with claim(
            "SPACES-UPDATE-04", f"the space of {'ann' if who == ann else 'mia'} is answered with its own change"
        ):
            expect((changed.json()["_id"], changed.json()["description"]), (space, f"of {who.username}"))
    for who, other in ((ann, mia), (mia, ann)):
        shown = cloud.call("GET", f"/spaces/{spaces[who]}", who).json()
        with claim(
            "SPACES-CREATE-08",
            f"{'ann' if who == ann else 'mia'} is admin of their own space and a stranger in the other",
        ):
            expect(shown["role"], "admin")
            assert cloud.call("GET", f"/spaces/{spaces[other]}", who).is_client_error
        with claim("DM-SPACE-01", f"the space of {'ann' if who == ann else 'mia'} has its own creator and description"):
            observe((shown["cid"], shown["description"]), (who.id, f"of {who.username}"))


@behaviour(
    "SPACES-JOIN-02",
    "SPACES-INVJOIN-01",
    "SPACES-MEMBERS-02",
    "SPACES-MEMBERS-03",
    "SPACES-ROLE-03",
    "SPACES-KICK-01",
    "DM-MEM-01",
)
def test_two_guests_come_and_go_apart(cloud: Cloud) -> None:
    """Two people join, by id and by link, twice each; roles and removals of one leave the other where they were."""
    ann, bob, mia = cloud.user(), cloud.user("bob@example.com"), cloud.user("mia@example.com")
    space = cloud.open_space(ann)
    link = f"/spaces/invites/{invite(cloud, space, ann, {'invitee': 'pat@new.example'})}/join"
    for turn in (1, 2):
        for shown, who, path in (("SPACES-JOIN-02", bob, f"/spaces/{space}/join"), ("SPACES-INVJOIN-01", mia, link)):
            with claim(shown, f"joining {turn} is answered with the space as the one who joins sees it"):
                topic = cloud.call("GET", path, who).json()["topic"]
                expect((topic["_id"], topic["role"]), (space, "guest"))
    with claim("SPACES-MEMBERS-02", "each is in the roster once"):
        expect(
            roles(cloud, space, ann), {ann.id: "admin", bob.id: "guest", mia.id: "guest", "pat@new.example": "member"}
        )
    for person, role in ((bob, "member"), (mia, "admin")):
        with claim("SPACES-ROLE-03", f"{role}: the answer names whose role it is"):
            answer = cloud.call("POST", f"/spaces/{space}/attendees/userId/{person.id}", ann, json={"role": role})
            expect(answer.json(), {"attendee": person.id, "attendeeType": "userId", "role": role})
    with claim("SPACES-MEMBERS-03", "DM-MEM-01", "each entry has its own name and role"):
        listed = {one["member"]: one for one in cloud.call("GET", f"/spaces/{space}/members", ann).json()["data"]}
        found = [(listed[one.id]["username"], listed[one.id]["role"]) for one in (ann, bob, mia)]
        expect(found, [(ann.username, "admin"), (bob.username, "member"), (mia.username, "admin")])
    with claim("SPACES-KICK-01", "the answer names who was removed"):
        answer = cloud.call("DELETE", f"/spaces/{space}/attendees/userId/{bob.id}", ann)
        expect(answer.json(), {"attendee": bob.id, "attendeeType": "userId"})
    with claim("SPACES-KICK-01", "the other one stays"):
        expect(roles(cloud, space, ann), {ann.id: "admin", mia.id: "admin", "pat@new.example": "member"})


@behaviour("SPACES-UPDATE-02", "SPACES-UPDATE-06", "SPACES-DELETE-01", "SPACES-DELETE-02", "SPACES-INVDEL-01")
def test_what_one_admin_does_the_other_finds(cloud: Cloud) -> None:
    """Two admins change one space in turn: each finds what the other did, and what was deleted is gone for both."""
    ann, mia = cloud.user(), cloud.user("mia@example.com")
    space = cloud.open_space(ann, members=[{"username": mia.username, "role": "admin"}])
    kept = cloud.open_space(mia, members=[{"username": ann.username, "role": "admin"}])
    for who, other, settings in ((ann, mia, {"own": {"a": 1}}), (mia, ann, {"own": {"b": 2}})):
        cloud.call("POST", f"/spaces/{space}", who, json={"settings": settings})
        with claim("SPACES-UPDATE-02", f"after {settings} the other admin finds it beside what was there"):
            found = cloud.call("GET", f"/spaces/{space}", other).json()["settings"]["own"]
            expect(found, {"a": 1} if who == ann else {"a": 1, "b": 2})
    with claim("SPACES-UPDATE-06", "a PIN that one admin sets is asked of strangers, and the other admin sees it"):
        cloud.call("POST", f"/spaces/{space}", mia, json={"settings": {"confPin": "4711"}})
        observe(cloud.call("GET", f"/spaces/{space}", ann).json()["settings"]["confPin"], "4711")
        refused(cloud.call("GET", f"/spaces/{space}/join", cloud.guest()), 403, "space.pin_required")
    first, second = (invite(cloud, space, who, {"invitee": "pat@new.example"}) for who in (ann, mia))
    for made, who in ((first, ann), (second, mia)):
        with claim("SPACES-INVDEL-01", f"the answer names the invite of {'ann' if who == ann else 'mia'}"):
            expect(cloud.call("DELETE", f"/spaces/invites/{made}", who).json(), {"_id": made, "topicId": space})
    with claim("SPACES-DELETE-01", "the answer names the space that one of them deletes"):
        expect(cloud.call("DELETE", f"/spaces/{space}", mia).json(), {"_id": space, "status": 2})
    for who, name in ((ann, "the other admin"), (mia, "who deleted it")):
        with claim("SPACES-DELETE-01", f"for {name} a second time deletes nothing"):
            refused(cloud.call("DELETE", f"/spaces/{space}", who), 404, "space.not_found")
        with claim("SPACES-DELETE-02", f"for {name} it is in no list, and the other space is"):
            listed = [one["_id"] for one in cloud.call("GET", "/users/me/spaces", who).json()["data"]]
            expect((space in listed, kept in listed), (False, True))
