"""Long answers leave turns to others."""

import asyncio

from mockspaces.control.slices import SLICE, encoded, in_slices


async def test_others_have_their_turn_between_slices() -> None:
    """Whatever else runs in the loop has a turn after each slice, and the order of things stays."""
    turns: list[int] = []
    rendered: list[int] = []

    async def other() -> None:
        while True:
            turns.append(len(rendered))
            await asyncio.sleep(0)

    def render(number: int) -> int:
        rendered.append(number)
        return -number

    task = asyncio.create_task(other())
    assert await in_slices(range(3 * SLICE), render) == [-number for number in range(3 * SLICE)]
    task.cancel()
    assert turns == [SLICE, 2 * SLICE, 3 * SLICE]


def test_part_is_json_already() -> None:
    """A part that is put into an answer later is the JSON that it would have been."""
    assert bytes(encoded({"a": [1]})) == b'{"a":[1]}'
