"""A program that writes as fast as it can: threads of one process, a small transaction each time.

It prints a line when it is ready, begins when it is told so, and prints how many transactions committed.
"""

import os
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
    from django.db import connection

    from tests.benchmarks import writing

    write_one = getattr(writing, os.environ.get("BENCH_WRITES", "commands"))()
    barrier.wait()
    barrier.wait()
    count, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        write_one()
        count += 1
    counts.append(count)
    connection.close()


if __name__ == "__main__":
    main(float(sys.argv[1]))
