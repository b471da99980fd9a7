"""The vocabulary of routing rules, which the database knows (sor_conditions_valid, sor_actions_valid)."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from liquidity.models import SorRule
from tests.conftest import Sql
from tests.rows import liquidity


@pytest.mark.parametrize(
    "conditions",
    [
        {},
        {"instrument_type": {"in": ["crypto"]}, "notional": {"gte": 100_000}},
        {"quantity": {"gt": 0.1, "lte": 5}, "account_type": {"ne": "demo"}},
        {"profile_type": {"eq": "vip"}, "utc_hour": {"gte": 8, "lt": 17}},
        {"symbol": {"not_in": ["EURUSD", "GBPUSD"]}},
    ],
)
def test_known_conditions_are_accepted(sql: Sql, conditions: Any) -> None:
    assert sql("SELECT sor_conditions_valid(%s) AS valid", [json.dumps(conditions)])[0]["valid"] is True


@pytest.mark.parametrize(
    "conditions",
    [
        [],
        None,
        "crypto",
        1,
        {"weather": {"eq": "rain"}},
        {"notional": 100_000},
        {"notional": {}},
        {"notional": []},
        {"notional": {"gte": "100000"}},
        {"notional": {"in": [1]}},
        {"notional": {"gte": None}},
        {"notional": {"approximately": 1}},
        {"symbol": {"eq": 1}},
        {"symbol": {"gt": "EURUSD"}},
        {"symbol": {"in": []}},
        {"symbol": {"in": "EURUSD"}},
        {"symbol": {"in": ["EURUSD", 1]}},
        {"symbol": {"in": [["EURUSD"]]}},
        {"symbol": {"eq": "EURUSD", "weather": "rain"}},
        {"symbol": {"eq": "EURUSD"}, "": {}},
    ],
)
def test_other_conditions_are_refused(
    sql: Sql, refused: Callable[[str], AbstractContextManager[None]], conditions: Any
) -> None:
    rule = liquidity.sor_rule()
    with refused("sor_rules_conditions_valid_check"):
        sql("UPDATE sor_rules SET conditions = %s WHERE id = %s", [json.dumps(conditions), rule.pk])


@pytest.mark.parametrize(
    "actions",
    [
        {"route": "abook", "providers": ["Binance", "OANDA"], "max_slippage_bps": 2.5},
        {"route": "hybrid", "abook_percentage": 30},
        {"route": "bbook", "max_slippage_bps": 0},
    ],
)
def test_known_actions_are_accepted(sql: Sql, actions: Any) -> None:
    assert sql("SELECT sor_actions_valid(%s) AS valid", [json.dumps(actions)])[0]["valid"] is True


@pytest.mark.parametrize(
    "actions",
    [
        [],
        None,
        {},
        {"route": "cbook"},
        {"route": ["abook"]},
        {"route": None},
        {"route": "abook", "weather": "rain"},
        {"route": "hybrid"},
        {"route": "hybrid", "abook_percentage": 0},
        {"route": "hybrid", "abook_percentage": 100},
        {"route": "hybrid", "abook_percentage": "30"},
        {"route": "abook", "abook_percentage": 30},
        {"route": "abook", "providers": []},
        {"route": "abook", "providers": [1]},
        {"route": "bbook", "providers": ["OANDA"]},
        {"route": "abook", "max_slippage_bps": -1},
        {"route": "abook", "max_slippage_bps": "1"},
    ],
)
def test_other_actions_are_refused(
    sql: Sql, refused: Callable[[str], AbstractContextManager[None]], actions: Any
) -> None:
    rule = liquidity.sor_rule(rule_type="conditional")
    with refused("sor_rules_actions_valid_check"):
        sql("UPDATE sor_rules SET actions = %s WHERE id = %s", [json.dumps(actions), rule.pk])


def test_form_says_what_is_wrong_before_the_database_does(db: None) -> None:
    rule = SorRule(
        rule_name="wrong",
        rule_type="abook",
        priority=1,
        conditions={"weather": {"eq": "rain"}},
        actions={"route": "abook"},
    )
    with pytest.raises(ValidationError, match="Conditions map known facts to known comparisons"):
        rule.validate_constraints()
