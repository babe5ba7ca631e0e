"""What the documentation says is tried here: examples run, links lead somewhere, tables match the code."""
