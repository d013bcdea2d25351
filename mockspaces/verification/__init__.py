"""Does the mock tell the truth? The contract suite against mock and target, reduced to one verdict per behaviour."""
