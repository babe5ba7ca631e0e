"""The academic system's endpoints, open on this machine while it is a demonstration."""
