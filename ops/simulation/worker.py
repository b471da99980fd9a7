"""A client's process. It has neither Django nor anything of the parent's but a pipe when it begins."""

import signal
import traceback
from multiprocessing.connection import Connection
from time import monotonic
from typing import TYPE_CHECKING

import django

from config.commands.signals import SIGNALS

if TYPE_CHECKING:
    from ops.simulation.client import Tally
    from ops.simulation.events import Event
    from ops.simulation.processes import Part

#: How often a client tells how far he is.
REPORT_SECONDS = 0.2
GO, STOP = "go", "stop"


def work(pipe: Connection) -> None:
    """Receive the part, tell that it is ready, play it from `GO` until anything else comes, and send the tally."""
    # Ctrl-C reaches the whole group, and so do the ends that systemd, `timeout` and terminals ask for; the parent tells
    # when to stop.
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    try:
        django.setup()
        pipe.send(("tally", _play(pipe.recv(), pipe)))
    except (BrokenPipeError, EOFError):
        pass  # the parent is gone
    except Exception as error:
        pipe.send(("failed", traceback.format_exception_only(error)[-1].splitlines()[0]))
    finally:
        pipe.close()


def _play(part: "Part", pipe: Connection) -> "Tally":
    from django.db import connection, connections

    from ops.simulation.acknowledged import Acknowledgments
    from ops.simulation.client import Client
    from ops.simulation.desk import Desk
    from ops.simulation.plan import Plan

    connections["default"].settings_dict.update(part.database)
    connection.ensure_connection()
    acknowledgments = Acknowledgments(part.acknowledged)
    desk = Desk(part.cast, part.market, name=f"{part.run}-{part.number}", night=part.night)
    client = Client(desk, number=part.number, patience=part.patience, acknowledgments=acknowledgments)
    plan = Plan(part.market, seed=part.seed, client=part.number, orders=part.orders, accounts=len(part.cast.accounts))
    sent, last_report = 0, monotonic()

    def done(event: "Event") -> None:
        nonlocal sent, last_report
        sent += event.kind == "submit_order"
        if monotonic() - last_report > REPORT_SECONDS:
            pipe.send(("sent", sent))
            sent, last_report = 0, monotonic()

    pipe.send(("ready", 0))
    if pipe.recv() == GO:
        client.play(plan, is_stopped=pipe.poll, done=done)
    client.tally.digest = plan.digest
    pipe.send(("sent", sent))
    acknowledgments.close()
    connection.close()
    return client.tally
