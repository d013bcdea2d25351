import asyncio

from hypothesis import given
from hypothesis import strategies as st

from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.messaging.timeline import Filter, Timeline
from mockspaces.cloud.store.entities import Attachment, Message, Sender
from mockspaces.contract import Contract

SPACE = "5f0000000000000000000a01"
SENDER = Sender(id="5f0000000000000000000b01", type="user", username="", displayname="")
CONTRACT = Contract.shipped()
categories = st.sampled_from(["chat", "idea", "task", "meeting"])
kinds = st.tuples(categories, st.sampled_from([None, "idea", "task"]), st.booleans(), st.sampled_from(["ab", "B", ""]))
filters = st.builds(
    Filter,
    low=st.integers(0, 8),
    high=st.none() | st.integers(0, 12),
    category=st.none() | st.sampled_from(["chat", "idea", "task"]),
    parent=st.sampled_from([None, "idea", "task"]),
    with_files=st.booleans(),
    chats_without_files=st.booleans(),
    words=st.sampled_from(["", "b", "A"]),
)


def message(created: int, kind: tuple[str, str | None, bool, str]) -> Message:
    category, parent, filed, text = kind
    return Message(
        id=f"{created:024x}",
        space_id=SPACE,
        category=category,  # type: ignore[arg-type]  # one of the words above
        sender=SENDER,
        created=created,
        text=text,
        attachments=(Attachment(file_id="f"),) if filed else (),
        parent_category=parent if category == "chat" else None,  # type: ignore[arg-type]  # as above
    )


def wanted(shown: Filter, one: Message) -> bool:
    return (
        one.created >= shown.low
        and (shown.high is None or one.created < shown.high)
        and shown.category in (None, one.category)
        and shown.parent == one.parent_category
        and (bool(one.attachments) or not shown.with_files)
        and not (shown.chats_without_files and (one.category != "chat" or one.attachments))
        and shown.words.casefold() in one.text.casefold()
    )


@given(st.lists(kinds, max_size=12), filters, st.integers(1, 4), st.integers(0, 4))
def test_the_index_answers_what_a_scan_would(
    given_kinds: list[tuple[str, str | None, bool, str]], shown: Filter, limit: int, offset: int
) -> None:
    """Every filter, page, neighbourhood and look-up agrees with going through all messages one by one."""

    async def scenario() -> None:
        world = World("w", Origins("http://127.0.0.1"), contract=CONTRACT)
        everything = [message(created, kind) for created, kind in enumerate(given_kinds)]
        for one in everything:
            await world.state.messages.put(one)
        timeline = Timeline(world, SPACE, shown)
        expected = [one for one in reversed(everything) if wanted(shown, one)]
        assert await timeline.page(offset=0, limit=100) == expected
        assert await timeline.page(offset=offset, limit=limit) == expected[offset : offset + limit]
        for number, one in enumerate(expected):
            place = timeline.place(one)
            assert await timeline.near(place, limit=limit, after=True) == expected[number + 1 : number + 1 + limit]
            assert await timeline.near(place, limit=limit, after=False) == expected[max(0, number - limit) : number]
        for one in everything:
            assert await timeline.find(one.id) == (one if one in expected else None)

    asyncio.run(scenario())
