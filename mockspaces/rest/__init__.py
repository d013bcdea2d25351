"""Surface 2: the Spaces REST API, one module per section."""
