"""The state of a world: entities in collections with declared indexes, and what changes them."""
