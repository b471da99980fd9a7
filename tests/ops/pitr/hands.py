"""Writing into a server of a test's own, reading what is there, and ending it."""

import os
import shutil
import signal
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import psycopg

from config.database.embedded import EmbeddedServer


def connect(server: EmbeddedServer) -> psycopg.Connection:
    return psycopg.connect(server.admin_conninfo("trading"), autocommit=True)


class Writer(threading.Thread):
    """Inserts numbers, and notes each with the time when the server had said yes."""

    def __init__(self, server: EmbeddedServer) -> None:
        super().__init__()
        self.server = server
        self.acknowledged: dict[int, float] = {}
        self.enough = threading.Event()

    def run(self) -> None:
        with suppress(psycopg.Error), closing(connect(self.server)) as session:
            number = 0
            while not self.enough.is_set():
                number += 1
                session.execute("INSERT INTO written (number) VALUES (%s)", [number])
                self.acknowledged[number] = time.time()

    def wait_for(self, more: int) -> None:
        aim = len(self.acknowledged) + more
        while len(self.acknowledged) < aim and self.is_alive():
            time.sleep(0.01)


def destroy(server: EmbeddedServer) -> float:
    """`kill -9` of every process of the server, then the data folder is deleted; returns when."""
    status = server.status()
    pids = [status.pid or 0]
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                if int((folder / "stat").read_text().rpartition(") ")[2].split()[1]) == status.pid:
                    pids.append(int(folder.name))
    when = time.time()
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    while server.status().running:
        time.sleep(0.01)
    shutil.rmtree(status.data_dir)
    return when


def numbers(server: EmbeddedServer) -> set[int]:
    with closing(connect(server)) as session:
        return {number for (number,) in session.execute("SELECT number FROM written")}
