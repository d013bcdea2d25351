"""Surface 1: the identity server."""
