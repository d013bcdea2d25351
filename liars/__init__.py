"""Liars: services that do one thing otherwise than ours, to see whether `mockspaces verify` names it.

A lie is a row (`lies`): which calls it is about, how what is sent on or answered is changed, which statement must be
named, and which few others may be contradicted too. A proxy (`proxy`) before a running mock tells it; the contract
suite meets it as a service (`kind = "service"`) with each of four profiles (`profiles/`).
"""
