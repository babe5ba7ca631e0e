"""Durable events, commands, batches and workflows for Django, with an operations console."""

__version__ = "0.1.0"
