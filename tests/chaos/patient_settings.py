"""Settings of processes that call reminders' addresses on this machine, and wait for an answer as long as by default."""

from tests.settings import *  # noqa: F403

OPSCONSOLE_REMINDERS = {"allow_loopback": True}
