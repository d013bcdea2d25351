"""Surface 4: the control API below /_mock, the mock's own."""
