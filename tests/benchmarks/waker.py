"""A program that runs through empty transactions, each with a wake-up to tell: where they are on, there is always
another one."""

import sys
import time

import django


def main(seconds: float) -> None:
    django.setup()
    from django.db import transaction

    from opsconsole.engine import waking
    from tests.benchmarks.handlers import PARKED

    print("ready", flush=True)
    sys.stdin.readline()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with transaction.atomic():
            waking.after_commit(PARKED)
        time.sleep(waking.COALESCE / 2)
    print(0, flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]))
