"""A REST API that other programs live on. These names are what an app needs to add endpoints of its own."""

from opsconsole.api.beforehand import beforehand
from opsconsole.api.callers import Caller
from opsconsole.api.mounting import Mount, Router
from opsconsole.api.needing import needs
from opsconsole.api.problems import Problem, problems_of

__all__ = ["Caller", "Mount", "Problem", "Router", "beforehand", "needs", "problems_of"]
