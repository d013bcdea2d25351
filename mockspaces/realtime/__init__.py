"""Surface 3: the Socket.IO server."""
