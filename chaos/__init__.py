"""Chaos: seeded programs of many clients against a cloud that is killed, paused and cut off from its log meanwhile.

How this works. A program (`program`) is drawn from a seed: what each client does, and when the cloud is disturbed. It
is run (`run`) against a cloud of its own (`cloud`): processes (`served`), a log, and what stands between them
(`relay`). Clients (`clients`) keep in a history (`history`) what they tried, and whether it was acknowledged, refused,
or is unclear as the connection broke. Whenever nothing is under way, which is so after each recovery and each phase,
the judge (`judge`) holds the whole state of each world against the history: acknowledged is there once, refused is not
there, unclear is there once or not at all. A world more is reset and restored all the time, of which `renewal` knows
who may be there. `faults` are logs that are wrong on purpose, each of which must be caught.
"""
