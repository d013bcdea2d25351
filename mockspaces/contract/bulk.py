"""What the members of a bulk update may be; the numbers are in `limits`."""

from typing import Annotated

from msgspec import Meta

Name = Annotated[str, Meta(pattern=r"^[^|~`!@#$%^&*()_+=<>?:;,.\"]*$")]  # USERS-BULK-04, D
Phone = Annotated[str, Meta(pattern=r"^(\+[0-9]+)?$")]  # USERS-BULK-05; empty is none
