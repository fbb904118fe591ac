"""Loops of a worker's process: turn after turn, through trouble, until they are stopped."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PAUSE_S = 0.5
"""After a turn in which there was nothing to do."""
TROUBLE_PAUSE_S = 2.0


def keep_turning(
    turn: Callable[[], bool],
    stop: threading.Event,
    *,
    log: logging.Logger,
    pause_s: float | None = None,
) -> None:
    """Take turns until `stop` is set; a turn says whether it was busy.

    A sick database must not end a loop: trouble is logged by its kind and waited out.
    """
    while not stop.is_set():
        try:
            busy = turn()
        except Exception as error:  # noqa: BLE001  whatever it is, the next turn may be well
            complain(log, error)
            stop.wait(TROUBLE_PAUSE_S)
            continue
        if not busy:
            stop.wait(PAUSE_S if pause_s is None else pause_s)


@contextmanager
def beside(
    run: Callable[[threading.Event], None],
    stop: threading.Event,
    *,
    name: str,
    at_end: Callable[[], None] = lambda: None,
) -> Iterator[None]:
    """Run in a thread of its own until `stop` is set, or the block is left; then `at_end` first."""
    thread = threading.Thread(target=run, args=(stop,), name=name)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        at_end()
        thread.join()


def complain(log: logging.Logger, error: BaseException) -> None:
    """Log trouble by its kind alone: a message or a traceback may quote data."""
    log.error("%s: %s", log.name.rpartition(".")[2], type(error).__name__)
