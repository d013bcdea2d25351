"""A test double of the Avaya Spaces cloud: identity server, REST API and Socket.IO server in memory."""

__version__ = "0.1.0"
