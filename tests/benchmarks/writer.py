"""A program that writes commands as fast as it can: threads of one process, a small transaction each time.

It prints a line when it is ready, begins when it is told so, and prints how many transactions committed.
"""

import sys
import threading
import time

import django

THREADS = 8


def main(seconds: float) -> None:
    django.setup()
    barrier = threading.Barrier(THREADS + 1)
    counts: list[int] = []
    threads = [threading.Thread(target=write, args=(seconds, barrier, counts)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    barrier.wait()
    print("ready", flush=True)
    sys.stdin.readline()
    barrier.wait()
    for thread in threads:
        thread.join()
    print(sum(counts), flush=True)


def write(seconds: float, barrier: threading.Barrier, counts: list[int]) -> None:
    from django.db import connection, transaction

    from opsconsole.engine import send
    from tests.benchmarks.handlers import Park
    from tests.benchmarks.load import TEXT

    connection.ensure_connection()
    barrier.wait()
    barrier.wait()
    count, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        with transaction.atomic():
            send(Park(number=count, text=TEXT))
        count += 1
    counts.append(count)
    connection.close()


if __name__ == "__main__":
    main(float(sys.argv[1]))
