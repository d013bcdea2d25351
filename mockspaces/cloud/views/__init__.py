"""From entities to the objects of the wire."""
