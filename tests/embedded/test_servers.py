"""The servers that chaos tests kill and start again."""

import os
import signal
import stat
import subprocess
from pathlib import Path

import psycopg
import pytest
import redis

from opsconsole.embedded.binaries import PostgresPrograms, find_postgres
from opsconsole.embedded.servers import Postgres, Valkey
from opsconsole.embedded.servers.sockets import LONGEST_NAME, LONGEST_PATH, sockets_directory
from opsconsole.embedded.trouble import Trouble

DEBIANS = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture
def postgres(directory):
    server = Postgres(directory)
    server.start()
    yield server
    server.stop("immediate")


def count(server: Postgres) -> int:
    with psycopg.connect(server.url) as connection:
        return connection.execute("SELECT count(*) FROM kept").fetchone()[0]


def keep_a_row(server: Postgres) -> None:
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (id int)")
        connection.execute("INSERT INTO kept VALUES (1)")


def test_postgresql_keeps_what_was_committed_however_it_ends(postgres):
    keep_a_row(postgres)
    for end in (postgres.kill, lambda: postgres.stop("immediate"), postgres.stop):
        end()
        assert not postgres.alive
        postgres.start()
        assert count(postgres) == 1


def test_a_killed_postgresql_takes_a_busy_session_with_it(postgres):
    keep_a_row(postgres)
    busy = psycopg.connect(postgres.url)
    busy.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 1e10)")
    postgres.kill()
    postgres.start()
    assert count(postgres) == 1
    busy.close()


def test_a_postgresql_whose_sessions_outlive_it_for_a_moment_starts_again(postgres):
    keep_a_row(postgres)
    busy = psycopg.connect(postgres.url)
    busy.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 2e6)")
    os.kill(postgres.pid, signal.SIGKILL)
    assert postgres.wait(10)
    postgres.start()
    assert count(postgres) == 1
    busy.close()


def test_a_durable_postgresql_flushes_and_one_for_tests_does_not(postgres, directory):
    other = Postgres(directory / "postgres-socket", durable=False)
    assert "fsync" not in postgres.settings
    assert other.settings["fsync"] == "off"
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)


def test_given_settings_override_ours(directory):
    server = Postgres(directory, durable=False, settings={"max_connections": "17"})
    server.start()
    try:
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SHOW max_connections").fetchone() == ("17",)
    finally:
        server.stop()


def test_nobody_else_can_enter_the_directory_of_the_sockets(postgres):
    sockets = postgres.home / "postgres-socket"
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert (sockets / ".s.PGSQL.5432").is_socket()


def test_data_of_another_major_version_is_refused_in_plain_words(directory):
    (directory / "postgres").mkdir()
    (directory / "postgres" / "PG_VERSION").write_text("14\n")
    with pytest.raises(Trouble, match=r"was made by PostgreSQL 14, but the one found here is \d+"):
        Postgres(directory).start()


def test_a_server_that_cannot_start_says_why(directory):
    server = Postgres(directory, settings={"shared_buffers": "-1"})
    with pytest.raises(Trouble, match="shared_buffers"):
        server.start()


def test_a_path_too_long_for_a_socket_gets_a_short_directory(directory):
    deep = directory / ("d" * 90)
    deep.mkdir()
    sockets = sockets_directory(deep / "postgres", None)
    try:
        assert len(str(sockets)) + LONGEST_NAME <= LONGEST_PATH
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert sockets_directory(deep / "postgres", None) == sockets
    finally:
        sockets.rmdir()


@pytest.mark.skipif(not DEBIANS.exists(), reason="PostgreSQL 15 is not installed here")
def test_debians_postgresql_15_serves_as_well(directory):
    server = Postgres(directory, durable=False, programs=PostgresPrograms(DEBIANS, "15", None))
    server.start()
    try:
        with psycopg.connect(server.url) as connection:
            assert connection.info.server_version // 10_000 == 15
            assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
    finally:
        server.stop()


def test_the_programs_that_pg_bin_names_come_first(monkeypatch):
    monkeypatch.setenv("PG_BIN", str(find_postgres().bin))
    assert find_postgres().package is None
    monkeypatch.setenv("PG_BIN", "/nowhere")
    with pytest.raises(Trouble, match="No PostgreSQL 15 or newer was found"):
        find_postgres()


def test_valkey_can_be_killed_and_started_again_and_remembers_nothing(directory):
    server = Valkey(directory)
    for end in (server.kill, server.stop):
        server.start()
        with redis.Redis(unix_socket_path=str(server.socket)) as client:
            assert client.get("kept") is None
            client.set("kept", "1")
        end()
        assert not server.alive


def test_a_full_disk_is_said_while_the_data_directory_is_made(directory, monkeypatch):
    def full(*command, **options):
        return subprocess.CompletedProcess(command, 1, "", "initdb: could not write: No space left on device")

    server = Postgres(directory)
    monkeypatch.setattr(subprocess, "run", full)
    with pytest.raises(Trouble, match=r"The disk that holds .*/postgres is full"):
        server.start()
