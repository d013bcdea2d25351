from hypothesis import given
from hypothesis import strategies as st

from mockspaces.cloud.kernel.patterns import Pattern
from mockspaces.cloud.people.directory import Directory, fields
from mockspaces.cloud.store.entities import User

PIECES = [
    *("a", "b", "A", ".", "^", "$", "[^a]", "[ab]", "a*", "b+", "x?", "|", "(a|b)", "(?:ab)", "{2}", "@", " "),
    *(r"\s", r"\S", r"\w", r"\W", r"\b", r"\B", r"\A", r"\z", r"\.", r"\d", r"\D", r"\n", r"\x0a", r"\pL", r"\PL"),
    *("[[:alpha:]]", "(?i)", "(?s)", "(?-m)", "(?s:.)", r"\\A", r"\Qa.\E", r"\C", "(", "[", "*"),
]
people = st.lists(
    st.tuples(st.text("abA.1 @\n", min_size=1, max_size=6), st.text("abA.1@", min_size=1, max_size=6)), max_size=6
)


def user(number: int, displayname: str, address: str) -> User:
    return User(id=f"{number:024x}", ndbid=f"ag{number}", username=address, displayname=displayname)


@given(people, st.lists(st.sampled_from(PIECES), min_size=1, max_size=5))
def test_one_pass_finds_what_each_field_alone_gives(names: list[tuple[str, str]], pieces: list[str]) -> None:
    """Whatever the pattern, a directory finds exactly the people one of whose lines matches, in order and again."""
    users = [user(number, *both) for number, both in enumerate(names)]
    pattern, directory = Pattern("".join(pieces)), Directory(users, 0)
    lines = [[line for field in fields(one) for line in field.splitlines()] for one in users]
    wanted = [one.id for one, own in zip(users, lines, strict=True) if pattern.matches(*own)]
    found = [[one.id for one in directory.matching(pattern)] for _ in range(2)]
    if pattern.line_safe or not any("\n" in text for both in names for text in both):
        assert found == [wanted, wanted]
