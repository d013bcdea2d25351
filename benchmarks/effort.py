"""How much a run measures: all of it, or a smoke that only shows that every case still works."""

import msgspec


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes and repetitions of all measurements; ``seconds`` is the length of one measurement of a rate."""

    rounds: int = 15
    seconds: float = 0.25
    starts: int = 7
    worlds: int = 200
    tests: int = 200
    requests: int = 200_000
    credentials: int = 600
    codes: int = 1000
    pages: int = 100
    messages: tuple[int, int, int] = (1_000, 100_000, 1_000_000)
    weighed: int = 50_000
    many_users: int = 10_000
    colleagues: int = 100_000
    sockets: int = 2_000
    subscribers: int = 100
    burst: int = 30
    signing_seconds: float = 0.25
    calls: int = 200
    profile: float = 10
    hostile_rounds: int = 5
    hostile_size: float = 1
    crowd: int = 5_000
    crowd_messages: int = 500
    people: int = 1_000
    ramp: float = 20
    hold: float = 20


FULL = Effort()
QUICK = Effort(
    rounds=1,
    seconds=0.1,
    starts=1,
    worlds=5,
    tests=3,
    requests=500,
    credentials=20,
    codes=20,
    pages=5,
    messages=(100, 200, 300),
    weighed=200,
    many_users=100,
    colleagues=200,
    sockets=20,
    subscribers=5,
    burst=3,
    signing_seconds=0.05,
    calls=5,
    profile=0.5,
    hostile_rounds=1,
    hostile_size=0.01,
    crowd=20,
    crowd_messages=20,
    people=20,
    ramp=1,
    hold=2,
)
