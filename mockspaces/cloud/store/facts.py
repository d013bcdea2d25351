"""Facts: values that are true of a World beside its collections, each under a name of its own."""

from typing import Generic, TypeVar

from mockspaces.cloud.store.transaction import Log

Value = TypeVar("Value")


class Fact(Generic[Value]):
    """One value, frozen and replaced as a whole; `put` is the only way to change it."""

    __slots__ = ("_log", "name", "value")

    def __init__(self, name: str, value: Value, log: Log) -> None:
        """Begin with ``value``."""
        self.name = name
        self.value = value
        self._log = log

    def put(self, value: Value) -> Value:
        """Replace the value and return the new one."""
        self._log.note(self, self.name, self.value, value)
        self.value = value
        return value

    def restore(self, _key: str, old: Value) -> None:
        """Put back the value that a transaction had replaced."""
        self.value = old

    def forget(self, _key: str) -> None:
        """Nothing is left of a value that was replaced by None."""
