"""The engine's rows, as the console lists and shows them, and what may be done to them."""

from opsconsole.api.mounting import Mount

MOUNTS: list[Mount] = []
