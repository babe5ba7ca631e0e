"""Invented but believable data with which a new institution begins."""
