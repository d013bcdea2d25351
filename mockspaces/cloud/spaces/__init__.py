"""Spaces: who may enter, who belongs to one, how people come in and go."""
