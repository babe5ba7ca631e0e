"""Servers for one run leave nothing behind, also when the run is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from opsconsole.embedded import throwaway, throwaway_directory
from opsconsole.embedded.waiting import wait_until
from tests.embedded.stand_ins import CHECKOUT, exists

RUN = """
from opsconsole.embedded import throwaway
with throwaway(durable=False) as servers:
    print(servers.postgres.home, servers.postgres.pid, servers.valkey.pid, flush=True)
    input()
"""


def test_the_servers_run_within_the_block_and_are_gone_after_it():
    with throwaway(durable=False) as servers:
        assert servers.postgres.alive
        assert servers.valkey.alive
        assert servers.environment == {"DATABASE_URL": servers.postgres.url, "REDIS_URL": servers.valkey.url}
    assert not servers.postgres.alive
    assert not servers.valkey.alive
    assert not servers.postgres.home.exists()


def test_what_a_killed_run_leaves_is_removed_by_the_next_one():
    run = subprocess.Popen([sys.executable, "-c", RUN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=CHECKOUT)
    with run:
        home, *pids = run.stdout.readline().decode().split()
        run.send_signal(signal.SIGKILL)
    assert wait_until(lambda: not any(exists(int(pid)) for pid in pids), 30)
    with throwaway_directory(in_memory=True):
        assert not Path(home).exists()


def test_a_directory_in_use_is_not_taken_for_an_abandoned_one():
    with throwaway_directory(in_memory=True) as first, throwaway_directory(in_memory=True) as second:
        assert first.exists()
        assert second.exists()
        assert first.stat().st_uid == os.geteuid()
