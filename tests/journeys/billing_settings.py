"""For the processes of a journey: each step of a voiding takes a while, to be seen in a browser."""

from tests.settings import *  # noqa: F403

BILLING = {"slow_down": 3.0}
