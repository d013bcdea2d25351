import re

from hypothesis import given
from hypothesis import strategies as st

from mockspaces.cloud.kernel.escaping import escape
from mockspaces.contract.spaces import Spaces

ENTITIES = Spaces().escapes
texts = st.text(st.sampled_from(list("<>\"'=/!ab &;")), max_size=40)


@given(texts)
def test_escaping_twice_changes_nothing_more(text: str) -> None:
    """What was escaped once is left alone, so that a message which is read and sent back stays the same."""
    once = escape(text, ENTITIES)
    assert escape(once, ENTITIES) == once


@given(texts)
def test_only_quotes_become_something_else(text: str) -> None:
    """Putting the quotes back gives the text that was sent."""
    assert escape(text, ENTITIES).replace("&quot;", '"').replace("&#x27;", "'") == text


@given(st.text(st.sampled_from(list("ab \"'<")), max_size=20))
def test_without_an_end_there_is_no_tag(text: str) -> None:
    """A text without > has no tag, so no quote survives in it."""
    assert not re.search("[\"']", escape(text, ENTITIES))
