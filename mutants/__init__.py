"""Is the contract suite able to fail? Deliberately wrong clouds, each of which it must catch."""
