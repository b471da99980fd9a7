"""A pooler in transaction mode in front of PostgreSQL: the smallest that there can be, with one server connection."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from config.commands import EnvironmentFailed
from config.database.owner import connected_as_owner
from ops.migrating.pooler import refuse_transaction_pooler
from tests.databases import Database

_AUTHENTICATION_OK = b"R" + struct.pack("!II", 8, 0)
_READY = b"Z" + struct.pack("!IB", 5, ord("I"))


class Pooler:
    """Lends its one connection to a client until the server says that no transaction is open."""

    def __init__(self, server: str, listen: Path) -> None:
        self._server_path, self._lent = server, threading.Lock()
        self._server: socket.socket | None = None
        self._greeting = b""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(listen))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()
        if self._server is not None:
            self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            startup = self._startup(client)
            with self._lent:
                self._connect(startup)
            # A client learns the server's parameters, and a process number of the pooler's own making.
            key = b"K" + struct.pack("!III", 12, threading.get_native_id(), 0)
            client.sendall(_AUTHENTICATION_OK + self._greeting + key + _READY)
            while message := _message(client):
                if message[:1] == b"X":
                    return
                with self._lent:
                    self._transaction(client, message)

    def _startup(self, client: socket.socket) -> bytes:
        while True:
            (length,) = struct.unpack("!I", _exactly(client, 4))
            body = _exactly(client, length - 4)
            if body[:4] == struct.pack("!I", 196608):
                return struct.pack("!I", length) + body
            client.sendall(b"N")  # neither SSL nor GSS

    def _connect(self, startup: bytes) -> None:
        if self._server is not None:
            return
        self._server = socket.socket(socket.AF_UNIX)
        self._server.connect(self._server_path)
        self._server.sendall(startup)
        while (message := _message(self._server))[:1] != b"Z":
            if message[:1] == b"S":
                self._greeting += message

    def _transaction(self, client: socket.socket, message: bytes) -> None:
        assert self._server is not None
        self._server.sendall(message)
        client.settimeout(0.01)
        while True:
            # What a client sends in several messages before it waits for the answer (Parse, Bind, Sync).
            with suppress(TimeoutError):
                while True:
                    self._server.sendall(_message(client))
            answer = b""
            while not answer.endswith(_READY) and answer[-6:-1] != _READY[:5]:
                answer += _message(self._server)
            client.sendall(answer)
            if answer.endswith(b"I"):
                client.settimeout(None)
                return
            client.settimeout(None)
            self._server.sendall(_message(client))
            client.settimeout(0.01)


def _exactly(source: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        if not (more := source.recv(count - len(data))):
            raise ConnectionResetError
        data += more
    return data


def _message(source: socket.socket) -> bytes:
    head = _exactly(source, 5)
    return head + _exactly(source, struct.unpack("!I", head[1:])[0] - 4)


@contextmanager
def pooler(folder: Path) -> Iterator[Path]:
    """In front of the server of the tests; yields the folder of its socket."""
    settings = connections["default"].settings_dict
    host, port = settings["HOST"] or settings["OPTIONS"].get("host"), settings["PORT"] or 5432
    if not str(host).startswith("/"):
        pytest.skip("the server of the tests listens on no socket file")
    running = Pooler(f"{host}/.s.PGSQL.{port}", folder / f".s.PGSQL.{port}")
    try:
        yield folder
    finally:
        running.close()


def test_a_plain_connection_is_accepted(live_database: Database) -> None:
    with connected_as_owner():
        refuse_transaction_pooler("default")


def test_a_pooler_in_transaction_mode_is_refused(live_database: Database, tmp_path: Path, settings: Any) -> None:
    with pooler(tmp_path) as folder:
        settings.OWNER_DATABASE = {**settings.OWNER_DATABASE, "HOST": str(folder)}
        with connected_as_owner(), pytest.raises(EnvironmentFailed, match="Set MIGRATE_DATABASE_URL to the server"):
            refuse_transaction_pooler("default")
