"""What Engine.IO and Socket.IO of the vendor's generation say themselves, measured on public libraries.

They are the same for every deployment, so no overlay replaces them.
"""

MESSAGE_BYTE = 4  # RT-EIO-18: the first byte of a binary frame
INVALID_NAMESPACE = "Invalid namespace"  # RT-WIRE-03

# Why a request is no handshake that is served: code and message (RT-EIO-23).
TRANSPORT_UNKNOWN = (0, "Transport unknown")
SESSION_UNKNOWN = (1, "Session ID unknown")
BAD_REQUEST = (3, "Bad request")
