"""The four liquidity providers and what is traded with each."""

from decimal import Decimal
from typing import NamedTuple

from liquidity.choices import ConnectionStatus, Protocol, ProviderType
from liquidity.models import LiquidityProvider, LpInstrument
from ops.seeding.additions import Additions
from trading.models import Instrument

_COINS = ["BTCUSD", "ETHUSD", "BNBUSD", "XRPUSD", "SOLUSD"]
_PAIRS = ["EURUSD", "GBPUSD", "USDJPY", "AUDUSD"]
_METALS = ["XAUUSD", "XAGUSD"]
_INDICES = ["SPX500USD", "NAS100USD", "US30USD"]


class ProviderRow(NamedTuple):
    name: str
    type: ProviderType
    protocol: Protocol
    #: The router asks the lowest number first.
    priority: int
    address: str
    #: Our symbol → theirs.
    symbols: dict[str, str]
    #: Ratio of the notional.
    commission: str
    markup_bps: str
    max_slippage_bps: str
    stale_after_ms: int


PROVIDERS = [
    ProviderRow(
        "Binance",
        ProviderType.EXCHANGE,
        Protocol.WEBSOCKET,
        20,
        "wss://stream.binance.com:9443/ws",
        {symbol: f"{symbol}T" for symbol in _COINS},
        "0.00075",
        "2",
        "15",
        1_000,
    ),
    ProviderRow(
        "OANDA",
        ProviderType.MARKET_MAKER,
        Protocol.REST,
        30,
        "https://stream-fxpractice.oanda.com/v3",
        {symbol: f"{symbol[:-3]}_USD" for symbol in ["EURUSD", "GBPUSD", "AUDUSD", *_METALS, "WTICOUSD", *_INDICES]}
        | {"USDJPY": "USD_JPY"},
        "0",
        "0.5",
        "5",
        2_000,
    ),
    ProviderRow(
        "Prime Broker A",
        ProviderType.PRIME_BROKER,
        Protocol.FIX,
        10,
        "fix://prime-broker-a.example:9880",
        {symbol: f"{symbol[:3]}/{symbol[3:]}" for symbol in [*_PAIRS, *_METALS]},
        "0.000025",
        "0.2",
        "3",
        500,
    ),
    ProviderRow(
        "Aggregator XYZ",
        ProviderType.AGGREGATOR,
        Protocol.FIX,
        40,
        "fix://aggregator-xyz.example:9881",
        {symbol: f"{symbol}.XYZ" for symbol in [*_PAIRS, *_COINS, *_METALS, "WTICOUSD", *_INDICES]},
        "0.00004",
        "0.4",
        "8",
        750,
    ),
]


def add_providers(added: Additions, instruments: dict[str, Instrument]) -> dict[str, LiquidityProvider]:
    """The providers by name, without secrets; theirs are entered in the back office."""
    providers = {}
    for row in PROVIDERS:
        provider = added.ensure(
            LiquidityProvider,
            {"name": row.name},
            provider_type=row.type,
            protocol=row.protocol,
            priority=row.priority,
            supported_instruments=list(row.symbols),
            connection_string=row.address,
            connection_status=ConnectionStatus.CONNECTED,
            currency_id="USD",
            config={"stale_after_ms": row.stale_after_ms},
        )
        providers[row.name] = provider
        for symbol, lp_symbol in row.symbols.items():
            instrument = instruments[symbol]
            added.ensure(
                LpInstrument,
                {"provider": provider, "instrument": instrument},
                lp_symbol=lp_symbol,
                min_quantity=instrument.min_quantity,
                max_quantity=instrument.max_quantity,
                tick_size=instrument.tick_size,
                commission_rate=Decimal(row.commission),
                markup_bps=Decimal(row.markup_bps),
                priority=row.priority,
                max_slippage_bps=Decimal(row.max_slippage_bps),
            )
    return providers
