"""What every rule of the cloud stands on: the world, its clock, ids, keys, events, and one way to refuse."""
