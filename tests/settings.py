"""The project's settings with the tests' own app; wake-ups are off, so that no thread of ours outlives its test."""

import json
import os

from opsconsole.config.settings import *  # noqa: F403
from opsconsole.config.settings import INSTALLED_APPS, OPSCONSOLE

INSTALLED_APPS = [*INSTALLED_APPS, "tests.handlers_app"]
if "OPSCONSOLE_TEST_ENGINE" in os.environ:  # processes that a test starts run no schedules of an example
    INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "opsconsole.examples.lending"]

# A busy machine must not make a test's chunk give up half way. Processes that a test starts are given their own
# engine settings as JSON in the variable.
OPSCONSOLE = {
    **OPSCONSOLE,
    "wake_up": "off",
    "chunk_seconds": 10.0,
    **json.loads(os.environ.get("OPSCONSOLE_TEST_ENGINE", "{}")),
}
