"""Whole worlds: opened, seeded, saved and restored."""
