"""Scratch databases: always dropped, whoever is connected and however their makers end."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress

import psycopg
import pytest

from config.commands import Failed
from config.database import scratch
from config.database.scratch import Server

PREFIX = f"test_scratch_{os.getpid()}"


@pytest.fixture
def server(db: None) -> Iterator[Server]:
    server = Server.of_settings()
    yield server
    server.drop_abandoned(PREFIX)


def names(server: Server) -> list[str]:
    with closing(server.connect()) as session:
        return scratch._names_like(session, PREFIX)


def test_scratch_database_belongs_to_the_owner_and_is_dropped(server: Server) -> None:
    with server.scratch(PREFIX) as name, closing(server.connect(name)) as session:
        owner = session.execute(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
        ).fetchone()
        assert owner == ("trading_owner",)
        assert names(server) == [name]
    assert names(server) == []


def test_scratch_database_is_dropped_when_the_block_fails(server: Server) -> None:
    with pytest.raises(RuntimeError, match="the block"), server.scratch(PREFIX):
        raise RuntimeError("the block")
    assert names(server) == []


def test_a_database_whose_maker_was_killed_is_dropped_and_one_in_use_is_kept(server: Server) -> None:
    left_over = scratch.scratch_name(PREFIX)
    with server.scratch(PREFIX) as in_use:
        with closing(server.connect()) as session:
            scratch.create(session, left_over)
        assert server.drop_abandoned(PREFIX) == [left_over]
        assert names(server) == [in_use]


def test_a_database_whose_drop_was_cut_short_is_dropped(server: Server) -> None:
    """As when the server's disk was full: PostgreSQL lets nobody in, and refuses to alter it."""
    if server.administrator is None:
        pytest.skip("no administrator is named, who could write into the catalog")
    left_over = scratch.scratch_name(PREFIX)
    with closing(server.master()) as session:
        scratch.create(session, left_over)
        session.execute("UPDATE pg_database SET datconnlimit = -2 WHERE datname = %s", [left_over])
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
            scratch.allow_connections(session, left_over, allowed=False)
    assert server.drop_abandoned(PREFIX) == [left_over]
    assert names(server) == []


def test_clients_that_reconnect_all_the_time_do_not_keep_a_database(server: Server) -> None:
    if server.administrator is None:
        pytest.skip("no administrator is named, who could end other roles' sessions")
    stop = threading.Event()
    sessions = []

    def client(name: str) -> None:
        while not stop.is_set():
            with suppress(psycopg.Error), closing(server.connect(name)) as session:
                sessions.append(session.info.backend_pid)
                session.execute("SELECT pg_sleep(60)")

    with server.scratch(PREFIX) as name:
        clients = [threading.Thread(target=client, args=[name]) for _ in range(4)]
        for each in clients:
            each.start()
        while len(sessions) < 4:
            time.sleep(0.01)
    assert names(server) == []
    stop.set()
    for each in clients:
        each.join()


def test_a_session_that_may_not_be_ended_is_named(server: Server) -> None:
    """The owner of the schema ends his own sessions, not the application's."""
    as_owner = Server(owner=server.owner, administrator=None)
    name = scratch.scratch_name(PREFIX)
    with closing(server.connect()) as session:
        scratch.create(session, name)
        application = psycopg.connect(server.conninfo(name), user="trading_backend", options="")
        try:
            scratch.allow_connections(session, name, allowed=False)
            with pytest.raises(Failed, match=f"1 sessions of {name} have not ended .*trading_backend"):
                scratch.end_sessions(session, name, seconds=0.1)
            assert as_owner.drop_abandoned("nothing_of_this_name") == []
        finally:
            application.close()
        scratch.drop(session, name)
    assert names(server) == []


def test_names_are_as_long_as_postgresql_keeps_them() -> None:
    assert len(scratch.scratch_name("x" * 200)) <= scratch.LONGEST_NAME
