SEEN = []


def test_second_try_has_a_world_of_its_own(mockspaces, mockspaces_server):
    """The second try has another world, and that of the first is gone."""
    SEEN.append(mockspaces.name)
    assert len(mockspaces_server.call("GET", "/worlds")["data"]) == 2
    assert len(SEEN) == 2
