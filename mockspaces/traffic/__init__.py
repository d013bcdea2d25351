"""Recorded traffic of a service as evidence: HTTP archives held against the rows and shapes of the contract."""
