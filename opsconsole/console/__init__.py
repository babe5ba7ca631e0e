"""Operator pages inside the Django admin: lists, details, pictures and actions on the engine's rows."""
