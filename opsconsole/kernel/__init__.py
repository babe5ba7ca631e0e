"""Plain tools without models: time, identifiers, registries, lifecycles, encoding, tracing."""
