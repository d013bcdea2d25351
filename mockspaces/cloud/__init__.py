"""The emulated cloud: entities, state and rules. It knows nothing of HTTP."""
