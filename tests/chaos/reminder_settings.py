"""Settings of processes that call reminders' addresses on this machine, and do not wait long for anybody."""

from opsconsole.engine import Exponential
from tests.settings import *  # noqa: F403

OPSCONSOLE_REMINDERS = {
    "allow_loopback": True,
    "timeout": 2.0,
    "retry": Exponential(first=1.0, times=7, longest=16.0),
}
