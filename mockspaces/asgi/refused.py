"""Requests that are refused before they are requests: how the server hands them to the application.

What an HTTP parser cannot read still came to a world, and whoever sent it looks into its journal. So the server
makes a scope of what could be read, puts the `Rejection` in under `REFUSED`, and lets the application render
and record it as it does with any other. A WebSocket handshake that is none is answered as the plain request that
it is without its offer; ``REFUSED_UPGRADE`` says why nothing came of it.
"""

REFUSED = "mockspaces.refused"
REFUSED_UPGRADE = "mockspaces.refused_upgrade"
