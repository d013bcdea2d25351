"""Documents that people write by hand, seeds and overlays: what is wrong in one is told by line and member."""

from typing import TypeVar

from mockspaces.asgi.decoding import decode
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.contract import errors
from mockspaces.contract.limits import OPERATOR
from mockspaces.handwritten import Handwritten

Value = TypeVar("Value")


class Document:
    """One file; ``read`` gives its content, ``located`` adds its name and a line to a refusal."""

    def __init__(self, path: str) -> None:
        """Read a file. Raises `OSError` if that is impossible, `Rejection` if it is neither JSON nor YAML."""
        try:
            self._file = Handwritten(path)
        except ValueError as error:
            raise Rejection(errors.REQUEST_INVALID, str(error), detail=str(error)) from None

    def read(self, kind: type[Value]) -> Value:
        """Return the content as ``kind``. Refuses what it is not, by line and member."""
        try:
            return decode(self._file.text.encode(), kind, OPERATOR)
        except Rejection as rejection:
            raise self.located(rejection) from None

    def located(self, rejection: Rejection) -> Rejection:
        """Return a refusal that begins with the file's name and the line of the member it names."""
        place = self._file.place(rejection.why)
        return Rejection(rejection.code, f"{place}: {rejection.why}", detail=f"{place}: {rejection.detail}")
