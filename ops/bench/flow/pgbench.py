"""The flow by pgbench: what the database does of it when the client costs next to nothing.

Scripts use the extended protocol with prepared statements. A transaction of pgbench is two lives: one opens a position,
the other closes it.
"""

import re
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from config.commands import Failed
from config.database.roles import BACKEND_LOGIN
from ops.bench.cluster import Cluster
from ops.bench.flow.lives import (
    COMMISSION,
    CURRENCY,
    OPENING_PRICE,
    PRICES,
    QUANTITY,
    STEP,
    SYMBOL,
    VENUE,
    WARM_UP,
)
from trading.services.fills import APPLY_FILL
from trading.services.statements import move
from trading.services.submission import SUBMIT

#: Variables of pgbench have no NULL and no commas; what is always the same is written into the statement.
_KEY = "('bench-' || :client_id || '-' || :n)"
_PRICE = f"({OPENING_PRICE} + {STEP} * :step)"
_FIRST = f"""\\if :n < {WARM_UP}
SELECT id AS account, user_id AS owner, house_account(currency, false, id) AS house
  FROM accounts WHERE account_number = 'BENCH-' || :client_id \\gset
SELECT id AS instrument, contract_size FROM instruments WHERE symbol = '{SYMBOL}' \\gset
\\endif
"""


def services_script() -> str:
    """The very statements of the services."""
    lives = []
    for side in ("buy", "sell"):
        submit = _filled(
            SUBMIT,
            {
                "account_id": ":account",
                "client_order_id": _KEY,
                "instrument_id": ":instrument",
                "order_type": "'market'",
                "side": f"'{side}'",
                "quantity": str(QUANTITY),
                "time_in_force": "'gtc'",
                "is_reduce_only": "false",
                "is_post_only": "false",
                "status": "'pending_new'",
                **dict.fromkeys(("decision_maker", "executor", "reject_reason", "actor", "reason"), "''"),
            },
        )
        # All columns travel, as to the service; \gset would try to keep them.
        acknowledge = _filled(
            move(),
            {"order_id": ":order_id", "to": "'new'", "out_of": "'{pending_new}'", "actor": "''", "reason": "''"},
        )
        places = [":order_id", _PRICE, str(QUANTITY), f"'{VENUE}'", _KEY, "'taker'", "NULL", str(COMMISSION)]
        places += ["false", "''", "'{}'", "''", "''"]
        fill = "SELECT * FROM " + APPLY_FILL.replace("%s", "{}").format(*places)
        lives.append(f"{_next()}{submit} \\gset order_\n{acknowledge};\n{fill};\n")
    return _FIRST + "".join(lives)


def rows_script() -> str:
    """The same rows by plain INSERTs and UPDATEs, one statement after the other."""
    return _FIRST + (Path(__file__).parent / "sql/rows.sql").read_text()


def pgbench(cluster: Cluster, database: str, *, user: str, script: str, clients: int, lives: int) -> Callable[[], None]:
    """Play the warm-up; what is returned plays `lives` more for each of the clients."""
    folder = tempfile.TemporaryDirectory(prefix="trading-bench-")
    path = Path(folder.name) / "flow.sql"
    path.write_text(script)

    def play(first: int, count: int) -> None:
        command = [str(cluster.server.bin_dir / "pgbench"), "--no-vacuum", "--protocol=prepared", f"--file={path}"]
        command += [f"--client={clients}", f"--jobs={min(clients, 2)}", f"--transactions={count // 2}"]
        constants = {"quantity": QUANTITY, "commission": COMMISSION, "currency": CURRENCY, "venue": VENUE}
        command += [f"--define={name}={value}" for name, value in (constants | {"n": first - 1}).items()]
        command += [cluster.server.url(user=user, database=database)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode or "aborted" in done.stderr:
            raise Failed(f"pgbench has failed: {done.stderr.strip()}")

    play(0, WARM_UP)

    def work() -> None:
        play(WARM_UP, lives)
        folder.cleanup()

    return work


def services(cluster: Cluster, database: str, clients: int, lives: int) -> Callable[[], None]:
    return pgbench(cluster, database, user=BACKEND_LOGIN, script=services_script(), clients=clients, lives=lives)


def rows(cluster: Cluster, database: str, clients: int, lives: int) -> Callable[[], None]:
    return pgbench(cluster, database, user=BACKEND_LOGIN, script=rows_script(), clients=clients, lives=lives)


def _next() -> str:
    return f"\\set n :n + 1\n\\set step :n % {PRICES}\n"


def _filled(statement: str, values: Mapping[str, str]) -> str:
    """A statement of the services in one line, with values of pgbench; null where none is given."""
    line = " ".join(re.sub("--.*", "", statement).split())
    return re.sub(r"%\((\w+)\)s", lambda match: values.get(match[1], "NULL"), line)
