"""Event sourcing on the engine's log."""
