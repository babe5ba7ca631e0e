"""Settings of processes that call reminders' addresses on this machine, and do not wait long for anybody."""

from opsconsole.engine import Exponential
from tests.settings import *  # noqa: F403

OPSCONSOLE_REMINDERS = {
    "allow_loopback": True,
    "timeout": 1.0,
    "retry": Exponential(first=0.5, times=7, longest=6.0),
}
