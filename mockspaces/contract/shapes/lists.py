"""Envelopes: what stands around items of all kinds (PAGE-ENV-*)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar

from msgspec import UNSET, UnsetType

from mockspaces.contract.shapes.base import A, C, Count, D, PageUrl, Shape

Item = TypeVar("Item")


class Data(Shape, Generic[Item]):
    """Things that are not paged."""

    data: Annotated[Sequence[Item], C("PAGE-ENV-01")]


class Page(Shape, Generic[Item]):
    """A page of a list; those below ``/users`` have the previous URL under both names."""

    data: Annotated[Sequence[Item], C("PAGE-ENV-01")]
    total: Annotated[Count, C("PAGE-ENV-01")]
    next_page_url: Annotated[PageUrl, C("PAGE-ENV-01, PAGE-ENV-02")]
    previous_page_url: Annotated[PageUrl, C("PAGE-ENV-01, PAGE-ENV-03")]
    prev_page_url: Annotated[PageUrl | UnsetType, A("PAGE-ENV-03")] = UNSET


class NumberedPage(Shape, Generic[Item]):
    """A page by number, with the 1-based positions of its first and last item."""

    data: Annotated[Sequence[Item], C("PAGE-ENV-01")]
    from_: Annotated[Count, C("PAGE-ENV-04")]
    to: Annotated[Count, C("PAGE-ENV-04")]
    total: Annotated[Count, C("PAGE-ENV-01")]
    next_page_url: Annotated[PageUrl, C("PAGE-ENV-01, PAGE-ENV-02")]
    previous_page_url: Annotated[PageUrl, D("PAGE-ENV-01, PAGE-ENV-03")]
    prev_page_url: Annotated[PageUrl | UnsetType, A("PAGE-ENV-03")] = UNSET
