import gevent.monkey

gevent.monkey.patch_all()

import gevent  # noqa: E402 - after the patch, as gevent wants it


def test_greenlets_share_a_client(mockspaces):
    """Greenlets share a client, each with its own answers."""

    def create(number):
        return mockspaces.user(f"u{number}@example.com").username

    jobs = [gevent.spawn(create, number) for number in range(20)]
    gevent.joinall(jobs, timeout=30)
    assert [job.value for job in jobs] == [f"u{number}@example.com" for number in range(20)]


def test_waits(mockspaces):
    """A wait is not refused."""
    assert mockspaces.wait_for(lambda: mockspaces.name)
