"""Example systems: each a Django app of its own, none imports another."""
