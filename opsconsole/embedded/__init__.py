"""PostgreSQL and Valkey from wheels, supervised: `manage.py up`, `manage.py test`, `manage.py bench`."""

from opsconsole.embedded.temporary import throwaway, throwaway_directory

__all__ = ["throwaway", "throwaway_directory"]
