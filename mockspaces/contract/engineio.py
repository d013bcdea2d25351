"""What Engine.IO and Socket.IO of the vendor's generation say themselves, measured on public libraries.

They are the same for every deployment, so no overlay replaces them.
"""

import re

MESSAGE_BYTE = 4  # RT-EIO-18: the first byte of a binary frame
INVALID_NAMESPACE = "Invalid namespace"  # RT-WIRE-03

# The head of a packet of Socket.IO: type, attachments, namespace with its query, id of the acknowledgement. What follows
# is JSON. The same in protocols 4 and 5.
PACKET = re.compile(
    r"(?P<type>[0-6])(?:(?P<count>\d{1,4})-)?(?:(?P<place>/[^,]*)(?:,|\Z))?(?P<ack>\d{1,15})?(?=\D|\Z)", re.ASCII
)

# Why a request is no handshake that is served: code and message (RT-EIO-23).
TRANSPORT_UNKNOWN = (0, "Transport unknown")
SESSION_UNKNOWN = (1, "Session ID unknown")
BAD_REQUEST = (3, "Bad request")
