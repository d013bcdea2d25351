"""Who is connected and where he listens: people, their socket connections, and the spaces each subscribed to.

Only ids: the sockets themselves belong to the realtime surface. Rules ask here who can be reached, and
whether two people listen in one same space (SPACES-DIRECT-04, RT-CALL-04).
"""


class Connection:
    """One socket of one person, joined to the chat namespace (RT-AUTH-13)."""

    __slots__ = ("announced", "id", "person_id", "spaces")

    def __init__(self, connection_id: str, person_id: str) -> None:
        """Open without any subscription; ``announced`` are the spaces where the client said it is online."""
        self.id = connection_id
        self.person_id = person_id
        self.spaces: dict[str, str] = {}
        self.announced: set[str] = set()


class Presence:
    """All connections of one world, by person and by space. Nothing is kept of who is gone."""

    def __init__(self) -> None:
        """Begin with nobody connected."""
        self._connections: dict[str, Connection] = {}
        self._by_person: dict[str, dict[str, Connection]] = {}
        self._by_space: dict[str, dict[str, Connection]] = {}

    def __len__(self) -> int:
        """Return the number of connections."""
        return len(self._connections)

    def get(self, connection_id: str) -> Connection | None:
        """Return a connection, or None if it is gone."""
        return self._connections.get(connection_id)

    def connect(self, connection_id: str, person_id: str) -> Connection:
        """Enter a connection of a person."""
        connection = self._connections[connection_id] = Connection(connection_id, person_id)
        self._by_person.setdefault(person_id, {})[connection_id] = connection
        return connection

    def disconnect(self, connection_id: str) -> None:
        """Forget a connection with all its subscriptions."""
        connection = self._connections.pop(connection_id, None)
        if connection is None:
            return
        for space_id in list(connection.spaces):
            self.unsubscribe(connection, space_id)
        _remove(self._by_person, connection.person_id, connection_id)

    def subscribe(self, connection: Connection, space_id: str, subscription_id: str) -> None:
        """Enter a subscription; a second one to the same space replaces the first (RT-SUB-08)."""
        connection.spaces[space_id] = subscription_id
        self._by_space.setdefault(space_id, {})[connection.id] = connection

    def unsubscribe(self, connection: Connection, space_id: str) -> bool:
        """End a subscription and return whether there was one."""
        connection.announced.discard(space_id)
        if connection.spaces.pop(space_id, None) is None:
            return False
        _remove(self._by_space, space_id, connection.id)
        return True

    def of_person(self, person_id: str) -> list[Connection]:
        """Return the connections of a person: his user channel (RT-USR-01)."""
        return list(self._by_person.get(person_id, {}).values())

    def in_space(self, space_id: str) -> list[Connection]:
        """Return the connections that subscribed to a space."""
        return list(self._by_space.get(space_id, {}).values())

    def all(self) -> list[Connection]:
        """Return every connection."""
        return list(self._connections.values())

    def together(self, one: str, other: str) -> bool:
        """Whether both people have a socket subscribed to one same space (SPACES-DIRECT-04)."""
        return not self._spaces_of(one).isdisjoint(self._spaces_of(other))

    def _spaces_of(self, person_id: str) -> set[str]:
        return {space_id for connection in self.of_person(person_id) for space_id in connection.spaces}

    @property
    def counts(self) -> dict[str, int]:
        """How many connections, people and subscriptions there are."""
        subscriptions = sum(map(len, self._by_space.values()))
        return {"sockets": len(self._connections), "people": len(self._by_person), "subscriptions": subscriptions}


def _remove(index: dict[str, dict[str, Connection]], key: str, connection_id: str) -> None:
    entries = index.get(key, {})
    entries.pop(connection_id, None)
    if not entries:
        index.pop(key, None)
