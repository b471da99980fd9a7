"""What every book shares: currencies, and the leverage that a regulator allows."""

from decimal import Decimal
from typing import NamedTuple

from accounts.choices import ClientClass, CurrencyKind, Regime
from accounts.models import Currency
from ops.seeding.additions import Additions
from risk.models import LeverageCap
from trading.choices import EsmaClass


class CurrencyRow(NamedTuple):
    code: str
    name: str
    #: Decimal places: ISO 4217 for money; what the chain or the market counts in, up to the stored 8, for the rest.
    exponent: int
    kind: CurrencyKind = CurrencyKind.FIAT


CURRENCIES = [
    CurrencyRow("USD", "US dollar", 2),
    CurrencyRow("EUR", "Euro", 2),
    CurrencyRow("GBP", "Pound sterling", 2),
    CurrencyRow("JPY", "Japanese yen", 0),
    CurrencyRow("AUD", "Australian dollar", 2),
    CurrencyRow("CAD", "Canadian dollar", 2),
    CurrencyRow("CHF", "Swiss franc", 2),
    CurrencyRow("NZD", "New Zealand dollar", 2),
    CurrencyRow("BTC", "Bitcoin", 8, CurrencyKind.CRYPTO),
    CurrencyRow("ETH", "Ether", 8, CurrencyKind.CRYPTO),
    CurrencyRow("BNB", "BNB", 8, CurrencyKind.CRYPTO),
    CurrencyRow("XRP", "XRP", 6, CurrencyKind.CRYPTO),
    CurrencyRow("SOL", "Solana", 8, CurrencyKind.CRYPTO),
    CurrencyRow("USDT", "Tether", 6, CurrencyKind.CRYPTO),
    CurrencyRow("XAU", "Gold (troy ounce)", 3, CurrencyKind.METAL),
    CurrencyRow("XAG", "Silver (troy ounce)", 3, CurrencyKind.METAL),
]

#: ESMA Decision (EU) 2018/796, annex I, for retail clients: 30 means 30 : 1.
RETAIL_LEVERAGE = {
    EsmaClass.FX_MAJOR: Decimal(30),
    EsmaClass.FX_MINOR_GOLD_INDEX: Decimal(20),
    EsmaClass.COMMODITY: Decimal(10),
    EsmaClass.EQUITY: Decimal(5),
    EsmaClass.CRYPTO: Decimal(2),
}

#: The same as an initial margin. Rounded up: 1/30 cut to eight places would allow more than 30 : 1.
RETAIL_MARGIN = {
    EsmaClass.FX_MAJOR: Decimal("0.0334"),
    EsmaClass.FX_MINOR_GOLD_INDEX: Decimal("0.05"),
    EsmaClass.COMMODITY: Decimal("0.10"),
    EsmaClass.EQUITY: Decimal("0.20"),
    EsmaClass.CRYPTO: Decimal("0.50"),
}


def add_reference(added: Additions) -> None:
    """Currencies and leverage caps."""
    for row in CURRENCIES:
        added.ensure(Currency, {"code": row.code}, name=row.name, exponent=row.exponent, kind=row.kind)
    for esma_class, leverage in RETAIL_LEVERAGE.items():
        key = {"regime": Regime.ESMA, "client_class": ClientClass.RETAIL, "esma_class": esma_class}
        added.ensure(LeverageCap, key, max_leverage=leverage)
