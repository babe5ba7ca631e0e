"""Commands of the runnable project."""
