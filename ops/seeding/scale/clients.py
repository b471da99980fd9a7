"""The simulated clients: people, their accounts, and what they like to trade."""

from collections import defaultdict
from collections.abc import Iterator
from random import Random

from ops.seeding.scale.books import Books, Chain, Leg
from ops.seeding.scale.market import Market, Markets
from ops.seeding.scale.tables import (
    ACCOUNTS,
    CLIENT_CLASSIFICATIONS,
    CLIENT_PROFILES,
    USER_ROLES,
    USERS,
    Table,
)
from ops.seeding.scale.wire import DAY, HOUR, Keys, moment

#: Clients per unit of scale; each makes about a hundred orders.
PER_SCALE = 1_000
#: They came, one after the other, in this time before the history begins.
ARRIVALS = 365 * DAY
#: The first account: where it is, a simulated history has been loaded.
NUMBER_FORMAT = "SIM-{:08d}"

_FIRST_NAMES = ["Anna", "Bram", "Chloe", "David", "Elena", "Felix", "Greta", "Hugo", "Ines", "Jonas", "Katja", "Luca"]
_LAST_NAMES = ["Berg", "Costa", "Dubois", "Evans", "Fischer", "Garcia", "Hansen", "Ivanov", "Jansen", "Klein", "Lopez"]
_COUNTRIES = ["DE", "FR", "NL", "ES", "IT", "AT", "IE", "PL", "PT", "SE"]
#: In hundredths of the account's currency.
_DEPOSITS = [100_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000]
_DEPOSIT_WEIGHTS = [20, 24, 24, 18, 10, 4]


class Client:
    """One account as the simulation sees it."""

    __slots__ = (
        "appetite", "busy", "chain", "deposit", "group", "house", "is_demo", "is_islamic", "is_vip", "margin_used",
        "markets", "oms_type", "patience", "realized", "unrealized", "user_id",
    )  # fmt: skip

    user_id: str
    oms_type: str
    group: str
    is_demo: bool
    is_islamic: bool
    is_vip: bool
    chain: Chain
    house: Chain
    #: In hundredths of the account's currency.
    deposit: int
    #: Three markets, and until when each has an open position of this account.
    markets: list[Market]
    busy: list[int]
    #: Notional of a position as a multiple of the deposit, and the mean holding time in seconds.
    appetite: float
    patience: float
    #: Valuation at the end, in hundredths of the account's currency.
    unrealized: int
    margin_used: int
    realized: int


def open_houses(lines: dict[Table, list[str]], *, owner: str, keys: Keys, micros: int) -> dict[tuple[str, bool], Chain]:
    """House accounts of the simulation's own, by currency and whether the money is demo money.

    The small broker's house goes on in the present: a history that lies before cannot be posted to its books.
    """
    houses = {}
    now = moment(micros)
    for currency, is_demo in [("USD", False), ("EUR", False), ("GBP", False), ("USD", True)]:
        chain = Chain(keys.at(micros), currency)
        houses[currency, is_demo] = chain
        number, account_type = ("SIM-HOUSE-DEMO-", "demo") if is_demo else ("SIM-HOUSE-", "live")
        lines[ACCOUNTS].append(
            f"{chain.id}\t{now}\t{now}\t{owner}\t{number}{currency}\t{account_type}\thouse\tnetting\t{currency}"
            f"\t1\t1\t\n"
        )
    return houses


def make_clients(
    count: int,
    *,
    markets: Markets,
    houses: dict[tuple[str, bool], Chain],
    books: Books,
    keys: Keys,
    random: Random,
    start: int,
    granted_by: str,
    chunk: int,
) -> Iterator[tuple[list[Client], dict[Table, list[str]]]]:
    """Clients who came in the year before `start`, each with an opening deposit, `chunk` of them at a time."""
    coins = [market for market in markets.all if market.is_crypto]
    others = [market for market in markets.all if not market.is_crypto]
    clients: list[Client] = []
    lines: defaultdict[Table, list[str]] = defaultdict(list)
    user_id = ""
    for number in range(1, count + 1):
        born = start - ARRIVALS + (ARRIVALS - DAY) * number // count
        now = moment(born)
        # Every tenth account is a second one of the client before.
        if number % 10 or not user_id:
            user_id = keys.at(born)
            _add_user(lines, number, user_id, now, keys.at(born), keys.at(born), random, granted_by)
        client = Client()
        account_type = random.choices(["live", "margin", "demo", "islamic"], [58, 27, 10, 5])[0]
        currency = "USD" if account_type == "demo" else random.choices(["USD", "EUR", "GBP"], [70, 20, 10])[0]
        client.user_id = user_id
        client.is_demo = account_type == "demo"
        client.is_islamic = account_type == "islamic"
        client.is_vip = not client.is_demo and random.random() < 0.06
        client.group = "demo" if client.is_demo else "vip" if client.is_vip else "standard"
        client.oms_type = "hedging" if random.random() < 0.15 else "netting"
        client.deposit = random.choices(_DEPOSITS, _DEPOSIT_WEIGHTS)[0] * (10 if client.is_vip else 1)
        client.appetite = random.uniform(0.2, 1.5)
        client.patience = 60 * 10 ** random.uniform(0.5, 3.6)
        # One of them is open at week-ends, too.
        client.markets = [random.choice(coins), *random.sample(others, 2)]
        client.busy = [0, 0, 0]
        client.unrealized = client.margin_used = client.realized = 0
        client.chain = Chain(keys.at(born), currency)
        client.house = houses[currency, client.is_demo]
        _add_account(lines, number, client, account_type, now, keys.at(born), random)
        books.post(
            lines,
            micros=born + HOUR,
            kind="deposit",
            client=client.chain,
            house=client.house,
            legs=[Leg("deposit", client.deposit)],
            description="Opening deposit",
        )
        clients.append(client)
        if number % chunk == 0 or number == count:
            yield clients, lines
            clients, lines = [], defaultdict(list)


def _add_user(
    lines: dict[Table, list[str]],
    number: int,
    user_id: str,
    now: str,
    role_id: str,
    class_id: str,
    random: Random,
    granted_by: str,
) -> None:
    name = f"client{number:07d}"
    # Nobody logs in as one of them: "!" is what Django writes for a password that no input matches.
    lines[USERS].append(
        f"{user_id}\t{now}\t{now}\t{name}@example.com\t{name}\t!\t{random.choice(_FIRST_NAMES)}\t{random.choice(_LAST_NAMES)}"
        f"\t{random.choice(_COUNTRIES)}\tapproved\t2\tt\n"
    )
    lines[USER_ROLES].append(f"{role_id}\t{now}\t{now}\t{user_id}\ttrader\t{now}\t{granted_by}\n")
    client_class = "professional" if random.random() < 0.05 else "retail"
    lines[CLIENT_CLASSIFICATIONS].append(f"{class_id}\t{now}\t{now}\t{user_id}\tESMA\t{client_class}\t{now[:10]}\n")


def _add_account(
    lines: dict[Table, list[str]],
    number: int,
    client: Client,
    account_type: str,
    now: str,
    profile_id: str,
    random: Random,
) -> None:
    chain = client.chain
    lines[ACCOUNTS].append(
        f"{chain.id}\t{now}\t{now}\t{client.user_id}\t{NUMBER_FORMAT.format(number)}\t{account_type}\tclient"
        f"\t{client.oms_type}\t{chain.currency}\t{random.choice([2, 5, 10, 20, 30])}\t30\t{client.group}\n"
    )
    toxicity, profitability = random.randrange(100), random.randrange(100)
    profile = "toxic" if toxicity > 90 else "profitable" if profitability > 70 else "neutral"
    profile = "vip" if client.is_vip else profile
    abook = 100 if client.is_vip else 0 if client.is_demo else toxicity
    style = "scalping" if client.patience < 900 else "day_trading" if client.patience < 20_000 else "swing"
    symbols = ",".join(market.symbol for market in client.markets)
    lines[CLIENT_PROFILES].append(
        f"{profile_id}\t{now}\t{now}\t{client.user_id}\t{chain.id}\t{profile}\t{style}\t{toxicity}\t{profitability}"
        f"\t{abook}\t{100 - abook}\t{{{symbols}}}\n"
    )
