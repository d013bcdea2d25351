"""Who is connected and where they listen: people, their socket connections, and what each subscribed to.

The sockets themselves belong to the realtime surface, of this process or of another one. Rules ask here who can be
reached, and whether two people listen in one same space (SPACES-DIRECT-04, RT-CALL-04). Nothing is kept of who is gone.
"""

from typing import Any

from mockspaces.cloud.store.entities import replace
from mockspaces.cloud.store.run import Connection
from mockspaces.cloud.store.state import State


class Presence:
    """All connections of one world, by person and by space."""

    def __init__(self, state: State) -> None:
        """Read and change the connections of a state."""
        self._state = state
        self._connections = state.connections

    def __len__(self) -> int:
        """Return the number of connections."""
        return len(self._connections)

    def get(self, connection_id: str) -> Connection | None:
        """Return a connection, or None if it is gone."""
        return self._connections.peek(connection_id)

    def connect(self, connection: Connection) -> Connection:
        """Enter a connection and return it with its number."""
        number = self._state.connected.put(self._state.connected.value + 1)
        return self._connections.store(replace(connection, number=number))

    def disconnect(self, connection_id: str) -> Connection | None:
        """Forget a connection with all its subscriptions and return it, or None if it is gone already."""
        return self._connections.remove(connection_id)

    def subscribe(self, connection_id: str, space_id: str) -> str:
        """Enter a subscription and return its id; a second one to the same space replaces the first (RT-SUB-08)."""
        number = self._state.subscribed.put(self._state.subscribed.value + 1)
        self._change(connection_id, "spaces", space_id, str(number))
        return str(number)

    def unsubscribe(self, connection_id: str, space_id: str) -> None:
        """End a subscription, if there is one; its client may still say that it leaves (RT-PRES-07)."""
        found = self.get(connection_id)
        if found is not None and space_id in found.spaces:
            self._connections.store(replace(found, unsubscribed=space_id))
        self._change(connection_id, "spaces", space_id, None)

    def expel(self, connection_id: str, space_id: str) -> None:
        """End a subscription of somebody who may not be in the space any more, and what they said there."""
        self.announce(connection_id, space_id, online=False)
        self.unsubscribe(connection_id, space_id)

    def announce(self, connection_id: str, space_id: str, *, online: bool) -> None:
        """Note that the client of a connection said in a space that it is online, or that it leaves (RT-PRES-09)."""
        found = self.get(connection_id)
        if found is not None and (space_id in found.announced) != online:
            others = tuple(one for one in found.announced if one != space_id)
            self._connections.store(replace(found, announced=(*others, space_id) if online else others))

    def set_media(self, connection_id: str, space_id: str, session: str | None) -> None:
        """Note the media session that a connection has in the meeting of a space; None ends it (RT-MED-05)."""
        self._change(connection_id, "media", space_id, session)

    def _change(self, connection_id: str, member: str, space_id: str, value: str | None) -> None:
        """Set an entry of one of a connection's mappings, or take it out; one who is gone has none."""
        found = self.get(connection_id)
        if found is None or getattr(found, member).get(space_id) == value:
            return
        changed: dict[str, Any] = {name: text for name, text in getattr(found, member).items() if name != space_id}
        if value is not None:
            changed[space_id] = value
        self._connections.store(replace(found, **{member: changed}))

    def of_person(self, person_id: str) -> list[Connection]:
        """Return the connections of a person, their user channel (RT-USR-01), in the order of connecting."""
        return list(self._connections.partition("person", person_id))

    def in_space(self, space_id: str) -> list[Connection]:
        """Return the connections that subscribed to a space, in the order of connecting."""
        return list(self._connections.partition("space", space_id))

    def all(self) -> list[Connection]:
        """Return every connection."""
        return self._connections.every()

    def together(self, one: str, other: str) -> bool:
        """Whether both people have a socket subscribed to one same space (SPACES-DIRECT-04)."""
        return not self._spaces_of(one).isdisjoint(self._spaces_of(other))

    def _spaces_of(self, person_id: str) -> set[str]:
        return {space_id for connection in self.of_person(person_id) for space_id in connection.spaces}

    @property
    def counts(self) -> dict[str, int]:
        """How many connections, people and subscriptions there are."""
        connections = self.all()
        people = {one.person_id for one in connections}
        subscriptions = sum(len(one.spaces) for one in connections)
        return {"sockets": len(connections), "people": len(people), "subscriptions": subscriptions}
