"""The runnable project."""
