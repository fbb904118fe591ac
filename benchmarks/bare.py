"""What a service costs at least: one Flask route that writes one row under a unique key.

The same server with the same threads, the same durability and, on SQLite, the same writer
lock as the service; no checks, no sign-in, no SQLAlchemy. `python -m benchmarks.bare PORT`
serves it; BARE_DATABASE names a SQLite file or a PostgreSQL address, BARE_THREADS the threads of
each of BARE_PROCESSES.
"""

import os
import sqlite3
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, request
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from ticketing.store.unit import WriterLock

Insert = Callable[[bytes, str], None]


def wsgi() -> Flask:
    """The handler."""
    app = Flask(__name__)
    database = os.environ["BARE_DATABASE"]
    insert = _postgresql(database) if "://" in database else _sqlite(Path(database))

    @app.post("/api/v1/scans")
    def scan() -> tuple[Response, int]:
        data = request.get_json()
        insert(bytes.fromhex(data["scan_id"]), data["barcode"])
        return jsonify(scan_id=data["scan_id"], verdict="admit"), 201

    return app


def _sqlite(path: Path) -> Insert:
    lock = WriterLock(path.with_name(path.name + ".lock"))
    mine = threading.local()

    def connection() -> sqlite3.Connection:
        if not hasattr(mine, "connection"):
            mine.connection = sqlite3.connect(path, isolation_level=None)
            mine.connection.execute("PRAGMA journal_mode=WAL").close()
            mine.connection.execute("PRAGMA synchronous=FULL").close()
        found: sqlite3.Connection = mine.connection
        return found

    def insert(scan_id: bytes, text: str) -> None:
        own = connection()
        lock.acquire()
        try:
            own.execute("BEGIN IMMEDIATE")
            own.execute("INSERT INTO bare VALUES (?, ?)", (scan_id, text))
            own.execute("COMMIT")
        finally:
            lock.release()

    return insert


def _postgresql(url: str) -> Insert:
    import psycopg  # noqa: PLC0415  an extra

    mine = threading.local()
    url = url.replace("+psycopg", "")

    def insert(scan_id: bytes, text: str) -> None:
        if not hasattr(mine, "connection"):
            mine.connection = psycopg.connect(url, autocommit=True)
        mine.connection.execute("INSERT INTO bare VALUES (%s, %s)", (scan_id, text))

    return insert


def _make_table(database: str) -> None:
    """Once, before there are several processes."""
    if "://" in database:
        import psycopg  # noqa: PLC0415  an extra

        with psycopg.connect(database.replace("+psycopg", ""), autocommit=True) as once:
            once.execute("CREATE TABLE IF NOT EXISTS bare (id bytea PRIMARY KEY, text text)")
        return
    with closing(sqlite3.connect(database)) as file:
        file.execute("PRAGMA journal_mode=WAL").close()
        file.execute("CREATE TABLE IF NOT EXISTS bare (id BLOB PRIMARY KEY, text TEXT) STRICT")


def main() -> None:
    """Serve until stopped."""
    threads = int(os.environ["BARE_THREADS"])
    _make_table(os.environ["BARE_DATABASE"])
    server: Any = Server(
        "benchmarks.bare:wsgi",
        factory=True,
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.WSGI,
        workers=int(os.environ["BARE_PROCESSES"]),
        blocking_threads=threads,
        backpressure=threads * 2,
        log_access=False,
        log_level=LogLevels.warning,
    )
    server.serve()


if __name__ == "__main__":
    main()
