"""The settings of a person with their types and defaults (DM-USET-01..03)."""

from typing import Any, Literal

import msgspec


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """What a person may set; the names are the vendor's."""

    eula_version_agreed: str = ""
    toc_version_agreed: str = ""
    autoAcceptInvite: Literal["relation", "none"] = "relation"  # noqa: N815 - the wire's spelling
    autoHideWebTutorial: bool = False  # noqa: N815 - the wire's spelling
    mANotif: str = "vibes"  # noqa: N815 - the wire's spelling
    mNotif: Literal["all", "none", "direct"] = "all"  # noqa: N815 - the wire's spelling
    dANotif: str = "vibes"  # noqa: N815 - the wire's spelling
    dNotif: Literal["all", "none", "direct"] = "all"  # noqa: N815 - the wire's spelling
    muteaudio: bool = False
    mutevideo: bool = False
    disableAutoJoin: bool = False  # noqa: N815 - the wire's spelling
    tourFeatures: tuple[Any, ...] = ()  # noqa: N815 - the wire's spelling
    showFeatureTipsOnStartUp: bool = True  # noqa: N815 - the wire's spelling
    disablePreviewWhenJoin: bool = False  # noqa: N815 - the wire's spelling
    disableNoiseReductionOnJoin: bool = False  # noqa: N815 - the wire's spelling
