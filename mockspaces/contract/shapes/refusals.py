"""How refusals look, one shape per style (ERR-BODY-01, ACC-ERR-*)."""

from __future__ import annotations

from typing import Annotated, Any

from mockspaces.contract.shapes.base import A, C, Shape, Underscored


class Error(Shape, kw_only=True):
    """A refusal of the REST API."""

    code: Annotated[str, A("ERR-BODY-01, ERR-BODY-02")]
    message: Annotated[str, C("ERR-BODY-01")]


class ControlError(Shape, kw_only=True):
    """A refusal of the control API, which also says why."""

    code: Annotated[str, A("CTRL-01")]
    message: Annotated[str, A("CTRL-01")]
    why: Annotated[str, A("CTRL-01")]


class VendorErrorObject(Underscored, kw_only=True):
    """The object in the place where OAuth has a word."""

    code: Annotated[str, C("ACC-ERR-01")]
    message: Annotated[str, C("ACC-ERR-01")]


class VendorError(Underscored, kw_only=True):
    """A refusal of the identity server as the vendor's clients read it."""

    error: Annotated[VendorErrorObject, C("ACC-ERR-01")]
    error_description: Annotated[str, A("ACC-ERR-01, ACC-ERR-02")]


class OAuthError(Underscored, kw_only=True):
    """A refusal of the identity server as RFC 6749 has it."""

    error: Annotated[str, A("ACC-ERR-03")]
    error_description: Annotated[str, A("ACC-ERR-03")]


ANSWERS: dict[str, Any] = {
    "error": Error,
    "control error": ControlError,
    "vendor error": VendorError,
    "rfc6749 error": OAuthError,
}
