"""Work that grows is done in slices: in between, other worlds have their turn, and this one goes on where it was."""

import asyncio

SLICE = 50  # so many things are done at a stretch


async def pause(number: int) -> None:
    """Let others run before the last of each slice; few things, those of most tests, wait for nobody."""
    if number % SLICE == SLICE - 1:
        await asyncio.sleep(0)
