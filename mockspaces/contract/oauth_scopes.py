"""OAuth scopes: their accepted spellings and how the token endpoint prints them (ACC-SCOPE-01..07)."""

from mockspaces.contract.rows import OAuthScope

EMAIL, PROFILE, SPACES, OFFICE = "email", "profile", "spaces", "office"

DOCUMENTED_BASES = ("https://accounts.zang.io", "https://accounts.avayacloud.com")  # ACC-SCOPE-02
TESTING_BASE = "https://www.onesna.com"  # ACC-SCOPE-02
ASSUMED_BASES = ("https://onesnastaging.esna.com", "https://onesna.com")  # ACC-SCOPE-03


def _row(
    name: str, path: str, *, testing: str = "", more: tuple[str, ...] = (), consent: str = "", source: str
) -> OAuthScope:
    """Return a row: ``path`` is its name below a documented base, ``testing`` the one below the testing base.

    ``more`` are further paths, which together with both are accepted at the assumed bases and the mock's own.
    A scope that the consent page speaks of is one of those that a request without any is granted (ACC-SCOPE-05).
    """
    paths = tuple(dict.fromkeys(filter(None, (path, testing, *more))))
    spellings = (
        name,
        *(f"{base}/auth/{path}" for base in DOCUMENTED_BASES),
        *([f"{TESTING_BASE}/auth/{testing}"] if testing else []),
        *(f"{base}/auth/{each}" for base in ASSUMED_BASES for each in paths),
    )
    printed = f"{TESTING_BASE}/auth/{testing}" if testing else ""
    return OAuthScope(
        name=name,
        spellings=spellings,
        paths=paths,
        printed=printed,
        consent=consent,
        default=bool(consent),
        source=source,
        confidence="D",
    )


ROWS = (
    _row(
        EMAIL,
        "userinfo.email",
        testing="userinfo.email",
        consent="View and update user email information",
        source="seed 001; seed 003; seed 004",
    ),
    _row(
        PROFILE,
        "userinfo.profile",
        testing="userinfo.profile",
        consent="View user detail information",
        source="seed 001; seed 003; seed 004",
    ),
    _row(
        SPACES,
        "zangspaces",
        testing="logan",
        more=("userinfo.logan",),
        consent="Call Avaya Spaces APIs",
        source="seed 001; seed 003; seed 004",
    ),
    _row(OFFICE, "zangoffice", source="seed 004"),
)
