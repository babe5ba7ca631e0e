"""The admin's front page: is anything wrong, what goes on, and where to look."""

from opsconsole.console.dashboard.view import overview

__all__ = ["overview"]
