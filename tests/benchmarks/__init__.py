"""Measurements of the engine: run with `python3 manage.py bench`."""
