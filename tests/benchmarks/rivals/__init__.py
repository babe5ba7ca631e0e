"""The queues that the engine is compared with, doing the same work."""
