"""What nobody can write: each line is a sentence, the SQL that the application tries, and what refuses it.

The SQL runs as the application's role, which is all that a stolen password of the back office gives. The refusal is a
rule's name or a part of the message, and nothing is changed.
"""

from typing import NamedTuple

import psycopg
import pytest

from tests.books.conftest import Broker


class BadWrite(NamedTuple):
    sentence: str
    sql: str
    refused_by: str


def order(**columns: str) -> str:
    """An order of the client for one lot of EURUSD at the market; columns are given as SQL."""
    return _insert(
        "orders",
        {
            "account_id": "%(client)s",
            "user_id": "%(user)s",
            "client_order_id": "'bad'",
            "instrument_id": "%(eurusd)s",
            "order_type": "'market'",
            "side": "'buy'",
            "quantity": "1",
            **columns,
        },
    )


def limit_order(**columns: str) -> str:
    return order(**{"order_type": "'limit'", "price": "1.1", **columns})


def fill(**arguments: str) -> str:
    """A fill of one lot of the order that is partially filled: one lot remains."""
    given = {
        "order_id": "%(partial)s",
        "price": "1.1",
        "quantity": "1",
        "venue": "'XOFF'",
        "execution_id": "'bad'",
        **arguments,
    }
    return f"SELECT apply_fill({', '.join(f'{name} => {value}' for name, value in given.items())})"


def move(name: str, to: str) -> str:
    """The status of one of the broker's orders, and nothing else."""
    return f"UPDATE orders SET status = '{to}' WHERE id = %({name})s"


def entries(*legs: tuple[str, str], journal: str = "posted.id", kind: str = "transfer", **columns: str) -> str:
    """A journal with entries (account, amount) in one statement, each going on from its account's head."""
    values = {
        "seq": "last_seq + 1",
        "currency": "accounts.currency",
        "balance_before": "balance",
        "balance_after": "balance + amount",
        **columns,
    }
    amounts = ", ".join(f"(%({account})s::uuid, {amount}::numeric)" for account, amount in legs)
    return f"""
        WITH posted AS (INSERT INTO journals (kind, idempotency_key) VALUES ('{kind}', 'bad') RETURNING id)
        INSERT INTO account_transactions (journal_id, account_id, transaction_type, amount, {", ".join(values)})
        SELECT {journal}, accounts.id, '{kind}', amount, {", ".join(values.values())}
          FROM posted, accounts JOIN (VALUES {amounts}) AS leg (account, amount) ON account = accounts.id
    """


def post(
    *legs: tuple[str, str], kind: str = "transfer", entry: str = "", key: str = "bad", reversal_of: str = "NULL"
) -> str:
    """The same through the door of the ledger."""
    built = ", ".join(
        f"jsonb_build_object('account', %({account})s::uuid, 'type', '{entry or kind}', 'amount', {amount})"
        for account, amount in legs
    )
    return f"SELECT post_journal('{kind}', '{key}', jsonb_build_array({built}), reversal_of => {reversal_of})"


def _insert(table: str, columns: dict[str, str]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(columns.values())})"


ORDERS = [
    BadWrite("a limit order has a price", limit_order(price="NULL"), "orders_prices_by_type_check"),
    BadWrite("a market order has none", order(price="1.1"), "orders_prices_by_type_check"),
    BadWrite("a stop order has a stop price", order(order_type="'stop'"), "orders_prices_by_type_check"),
    BadWrite("good till date has a date", order(time_in_force="'gtd'"), "orders_good_till_date_check"),
    BadWrite("no other has one", order(good_till_date="now() + '1 day'::interval"), "orders_good_till_date_check"),
    BadWrite(
        "an order does not end before it begins",
        order(time_in_force="'gtd'", good_till_date="now() - '1 day'::interval"),
        "orders_good_till_date_after_receipt_check",
    ),
    BadWrite("a client's order id counts once", order(client_order_id="'filled'"), "orders_client_order_id_uniq"),
    BadWrite("an order has an id of its client", order(client_order_id="''"), "orders_client_order_id_check"),
    BadWrite("an instrument exists", order(instrument_id="gen_random_uuid()"), "orders_instrument_id_fk"),
    BadWrite("an instrument is not a symbol", order(instrument_id="'EURUSD'"), "invalid input syntax for type uuid"),
    BadWrite("nobody orders on another's account", order(account_id="%(other)s"), "orders_account_user_fk"),
    BadWrite("a price is on the tick", limit_order(price="1.100001"), "orders_price_on_tick"),
    BadWrite("a stop loss is on the tick", order(stop_loss="1.000001"), "orders_price_on_tick"),
    BadWrite("a quantity is on the step", order(quantity="1.005"), "orders_quantity_on_step"),
    BadWrite(
        "no less than the minimum",
        "UPDATE instruments SET min_quantity = 0.1 WHERE id = %(eurusd)s;" + order(quantity="0.05"),
        "orders_quantity_within_limits",
    ),
    BadWrite("no more than the maximum", order(quantity="1000000"), "orders_quantity_within_limits"),
    BadWrite("a quantity is a number", order(quantity="'NaN'"), "orders_finite_check"),
    BadWrite("a quantity is above zero", order(quantity="0"), "orders_quantity_positive_check"),
    BadWrite("a price is above zero", limit_order(price="-1.1"), "orders_prices_positive_check"),
    BadWrite("a side is buy or sell", order(side="'both'"), "orders_side_check"),
    BadWrite("a status is one of FIX's", order(status="'done'"), "orders_status_check"),
    BadWrite("a rejection has a reason", order(status="'rejected'"), "orders_reject_reason_check"),
    BadWrite("an order is born alive", order(status="'canceled'"), "orders_birth"),
    BadWrite(
        "nothing is filled of a new order",
        order(status="'filled'", filled_quantity="1", filled_notional="1"),
        "orders_birth",
    ),
    BadWrite(
        "the events of an order are counted by the database", order(event_seq="7"), "order_audit_first_event_check"
    ),
    BadWrite(
        "the exits of a purchase are in order",
        order(stop_loss="1.2", take_profit="1.1"),
        "orders_exits_by_side_check",
    ),
    BadWrite(
        "a filled order does not go back to pending", move("filled", "pending_new"), "orders_filled_by_status_check"
    ),
    BadWrite("a filled order reopens by a bust only", move("filled", "partially_filled"), "orders_trade_cancel_only"),
    BadWrite("a canceled order stays canceled", move("canceled", "new"), "order_audit_transition_fk"),
    BadWrite("a working order is not filled by its status", move("working", "filled"), "orders_filled_by_status_check"),
    BadWrite(
        "terms change by a request",
        "UPDATE orders SET price = 1.06 WHERE id = %(working)s",
        "orders_terms_change_by_replace",
    ),
    BadWrite(
        "quantity changes by a request",
        "UPDATE orders SET quantity = 3 WHERE id = %(partial)s",
        "orders_terms_change_by_replace",
    ),
    BadWrite("an order is written now", order(created_at="'2020-01-01'"), "orders_written_now"),
    BadWrite("an order was received lately", order(received_at="now() - interval '2 days'"), "orders_written_now"),
    BadWrite("and not in the future", order(received_at="now() + interval '1 hour'"), "orders_written_now"),
    BadWrite(
        "a request is written now",
        "INSERT INTO order_change_requests (order_id, kind, created_at) VALUES (%(working)s, 'cancel', '2020-01-01')",
        "order_change_requests_written_now",
    ),
    BadWrite(
        "an order does not change its account",
        "UPDATE orders SET account_id = %(other)s, user_id = %(other_user)s WHERE id = %(working)s",
        "orders_identity_immutable",
    ),
    BadWrite("nor its side", "UPDATE orders SET side = 'sell' WHERE id = %(working)s", "orders_identity_immutable"),
    BadWrite(
        "a status does not change without its event",
        "UPDATE orders SET status = 'canceled', event_seq = event_seq WHERE id = %(working)s",
        "permission denied for table orders",
    ),
    BadWrite(
        "the number of the last event is not edited",
        "UPDATE orders SET event_seq = event_seq + 1 WHERE id = %(working)s",
        "permission denied for table orders",
    ),
    BadWrite(
        "what is filled is not edited",
        "UPDATE orders SET filled_quantity = 2 WHERE id = %(working)s",
        "permission denied for table orders",
    ),
    BadWrite("an order is not deleted", "DELETE FROM orders WHERE id = %(working)s", "order_audit_order_id_fk"),
    BadWrite(
        "one request at a time",
        "INSERT INTO order_change_requests (order_id, kind, quantity, price, time_in_force)"
        " SELECT id, 'replace', 3, price, time_in_force FROM orders WHERE id = %(replacing)s",
        "order_change_requests_event_uniq",
    ),
    BadWrite(
        "a request to replace says by what",
        "INSERT INTO order_change_requests (order_id, kind) VALUES (%(working)s, 'replace')",
        "order_change_requests_terms_check",
    ),
    BadWrite(
        "a dead order is not canceled again",
        "INSERT INTO order_change_requests (order_id, kind) VALUES (%(canceled)s, 'cancel')",
        "order_audit_transition_fk",
    ),
    BadWrite(
        "a request is decided by its order",
        "UPDATE order_change_requests SET status = 'accepted', decided_at = now() WHERE order_id = %(replacing)s",
        "permission denied for table order_change_requests",
    ),
]

FILLS = [
    BadWrite("no more is filled than was ordered", fill(quantity="1.01"), "orders_filled_within_quantity_check"),
    BadWrite("a fill is above zero", fill(quantity="-1"), "order_fills_fill_quantity_positive_check"),
    BadWrite("a price of a fill is above zero", fill(price="0"), "order_fills_fill_price_positive_check"),
    BadWrite("an execution counts once", fill(execution_id="'filled'"), "order_fills_execution_content"),
    BadWrite("a canceled order takes no fill", fill(order_id="%(canceled)s"), "order_fills_order_takes_fill"),
    BadWrite("a filled order takes no fill", fill(order_id="%(filled)s"), "order_fills_order_takes_fill"),
    BadWrite(
        "a late fill has a dealer", fill(order_id="%(canceled)s", is_late="true"), "order_fills_late_dealer_check"
    ),
    BadWrite("a fill has an order", fill(order_id="gen_random_uuid()"), "order_fills_order_id_fk"),
    BadWrite("a price of a fill is on the tick", fill(price="1.1000001"), "order_fills_price_on_tick"),
    BadWrite("a quantity of a fill is on the step", fill(quantity="0.001"), "order_fills_quantity_on_step"),
    BadWrite("a commission is a share", fill(commission="1000000"), "order_fills_commission_within_notional"),
    BadWrite("also one that is given back", fill(commission="-1000000"), "order_fills_commission_within_notional"),
    BadWrite(
        "nothing was executed before it was ordered",
        fill(executed_at="now() - interval '1 day'"),
        "order_fills_executed_in_time",
    ),
    BadWrite(
        "nor is anything yet to be", fill(executed_at="now() + interval '1 hour'"), "order_fills_executed_in_time"
    ),
    BadWrite("a price of a fill is a number", fill(price="'NaN'"), "order_fills_finite"),
    BadWrite("an execution was some time", fill(executed_at="'infinity'"), "order_fills_finite"),
    BadWrite(
        "a reduce-only order opens nothing",
        order(client_order_id="'reduce'", status="'new'", is_reduce_only="true")
        + "; SELECT apply_fill(id, 1.1, 1, 'XOFF', 'bad') FROM orders WHERE client_order_id = 'reduce'",
        "orders_reduce_only",
    ),
    BadWrite(
        "a fill is not written by hand",
        "INSERT INTO order_fills (order_id, fill_price, fill_quantity, venue, execution_id)"
        " VALUES (%(partial)s, 1.1, 1, 'XOFF', 'bad')",
        "permission denied for table order_fills",
    ),
    BadWrite(
        "a fill is not changed", "UPDATE order_fills SET fill_price = 1", "permission denied for table order_fills"
    ),
    BadWrite("a fill is not deleted", "DELETE FROM order_fills", "permission denied for table order_fills"),
    BadWrite("fills are not truncated", "TRUNCATE order_fills CASCADE", "permission denied for table order_fills"),
]

LEDGER = [
    BadWrite(
        "a balance is not edited",
        "UPDATE accounts SET balance = 1000000 WHERE id = %(client)s",
        "permission denied for table accounts",
    ),
    BadWrite(
        "nor with an entry that nobody sees",
        "UPDATE accounts SET last_seq = last_seq + 1 WHERE id = %(client)s",
        "permission denied for table accounts",
    ),
    BadWrite(
        "an account is opened empty",
        "INSERT INTO accounts (user_id, account_number, currency, balance) VALUES (%(user)s, 'BAD', 'USD', 100)",
        "accounts_balance_from_ledger_check",
    ),
    BadWrite(
        "nor with a ledger that is not there",
        "INSERT INTO accounts (user_id, account_number, currency, balance, last_seq)"
        " VALUES (%(user)s, 'BAD', 'USD', 100, 1)",
        "accounts_head_fk",
    ),
    BadWrite("money comes from somewhere", entries(("client", "100")), "account_transactions_zero_sum"),
    BadWrite(
        "to the last decimal", entries(("client", "100"), ("house", "-99.99999999")), "account_transactions_zero_sum"
    ),
    BadWrite("euros are not dollars", entries(("other", "100"), ("house", "-100")), "account_transactions_zero_sum"),
    BadWrite(
        "an entry is in its account's currency",
        entries(("other", "100"), ("house", "-100"), currency="'USD'"),
        "account_transactions_account_currency_fk",
    ),
    BadWrite(
        "the ledger has no gap",
        entries(("client", "1"), ("house", "-1"), seq="last_seq + 2"),
        "account_transactions_chain_fk",
    ),
    BadWrite(
        "no place is taken twice",
        entries(("client", "1"), ("house", "-1"), seq="last_seq"),
        "account_transactions_account_seq_uniq",
    ),
    BadWrite(
        "an entry begins where the last one ended",
        entries(("client", "1"), ("house", "-1"), balance_before="balance + 1", balance_after="balance + 1 + amount"),
        "account_transactions_chain_fk",
    ),
    BadWrite(
        "an entry adds up",
        entries(("client", "1"), ("house", "-1"), balance_after="balance + amount + 1"),
        "account_transactions_balance_after_check",
    ),
    BadWrite(
        "an entry moves money", entries(("client", "0"), ("house", "0")), "account_transactions_amount_not_zero_check"
    ),
    BadWrite(
        "an amount is a number", entries(("client", "'NaN'"), ("house", "'NaN'")), "account_transactions_finite_check"
    ),
    BadWrite(
        "nothing is added to an old journal",
        entries(("client", "1"), ("house", "-1"), journal="%(goodwill)s::uuid"),
        "account_transactions_posted_together",
    ),
    BadWrite(
        "an entry is written now",
        entries(("client", "1"), ("house", "-1"), created_at="'2020-01-01'"),
        "account_transactions_written_now",
    ),
    BadWrite(
        "and counts from now on",
        entries(("client", "1"), ("house", "-1"), processed_at="now() + interval '1 day'"),
        "account_transactions_written_now",
    ),
    BadWrite(
        "a journal is written now",
        "INSERT INTO journals (kind, idempotency_key, created_at) VALUES ('deposit', 'bad', '2020-01-01')",
        "journals_written_now",
    ),
    BadWrite(
        "a journal has entries",
        "INSERT INTO journals (kind, idempotency_key) VALUES ('deposit', 'bad')",
        "journals_has_entries",
    ),
    BadWrite(
        "a business event is booked once",
        entries(("client", "1"), ("house", "-1")).replace("'bad'", "'goodwill'"),
        "journals_idempotency_key_uniq",
    ),
    BadWrite(
        "its key stands for its content",
        post(("client", "1"), ("house", "-1"), key="goodwill"),
        "journals_idempotency_key_content",
    ),
    BadWrite("a door is no way around", post(("client", "1"), ("house", "-2")), "account_transactions_zero_sum"),
    BadWrite(
        "amounts have eight decimals",
        post(("client", "0.000000001"), ("house", "-0.000000001")),
        "account_transactions_amount_scale",
    ),
    BadWrite(
        "nobody withdraws more than there is",
        post(("client", "-1000000"), ("house", "1000000"), kind="withdrawal"),
        "account_transactions_no_overdraft",
    ),
    BadWrite(
        "nor transfers it", post(("client", "-1000000"), ("hedging", "1000000")), "account_transactions_no_overdraft"
    ),
    BadWrite(
        "a locked account keeps its money",
        "UPDATE accounts SET is_locked = true, locked_reason = 'check' WHERE id = %(client)s;"
        + post(("client", "-1"), ("house", "1"), kind="withdrawal"),
        "account_transactions_open_account",
    ),
    BadWrite(
        "a reversal mirrors",
        post(("client", "-24"), ("house", "24"), kind="reversal", entry="adjustment", reversal_of="%(goodwill)s"),
        "journals_reversal_mirrors",
    ),
    BadWrite(
        "and says so",
        post(("client", "-25"), ("house", "25"), kind="adjustment", reversal_of="%(goodwill)s"),
        "journals_reversal_check",
    ),
    BadWrite(
        "a journal is reversed once",
        "SELECT reverse_journal(id, 'again') FROM journals WHERE idempotency_key = 'mistake'",
        "journals_reversal_of_uniq",
    ),
    BadWrite(
        "a journal is not edited", "UPDATE journals SET description = 'other'", "permission denied for table journals"
    ),
    BadWrite("a journal is not deleted", "DELETE FROM journals", "permission denied for table journals"),
    BadWrite(
        "an entry is not edited",
        "UPDATE account_transactions SET amount = 1",
        "permission denied for table account_transactions",
    ),
    BadWrite(
        "an entry is not deleted",
        "DELETE FROM account_transactions",
        "permission denied for table account_transactions",
    ),
    BadWrite(
        "the ledger is not truncated", "TRUNCATE account_transactions, journals CASCADE", "permission denied for table"
    ),
    BadWrite(
        "an account keeps its currency",
        "UPDATE accounts SET currency = 'EUR' WHERE id = %(client)s",
        "accounts_identity_immutable",
    ),
    BadWrite(
        "a client's account does not become the house's",
        "UPDATE accounts SET kind = 'house' WHERE id = %(client)s;"
        + post(("client", "-1000000"), ("house", "1000000"), kind="withdrawal")
        + "; UPDATE accounts SET kind = 'client' WHERE id = %(client)s",
        "accounts_identity_immutable",
    ),
    BadWrite(
        "a demo account does not become a real one",
        "UPDATE accounts SET account_type = 'live' WHERE id = %(demo_house)s",
        "accounts_identity_immutable",
    ),
    BadWrite(
        "an account is not given away",
        "UPDATE accounts SET user_id = %(other_user)s WHERE id = %(client)s",
        "accounts_identity_immutable",
    ),
    BadWrite(
        "a currency in use keeps its decimals",
        "UPDATE currencies SET exponent = 8 WHERE code = 'USD'",
        "currencies_exponent_in_use",
    ),
    BadWrite(
        "what an account is worth is not made up",
        "UPDATE accounts SET equity = 1000000, margin_used = 0 WHERE id = %(client)s",
        "permission denied for table accounts",
    ),
    BadWrite(
        "credit is not given by hand",
        "UPDATE accounts SET credit = 1000000 WHERE id = %(client)s",
        "permission denied for table accounts",
    ),
    BadWrite(
        "nor with the account",
        "INSERT INTO accounts (user_id, account_number, currency, credit) VALUES (%(user)s, 'BAD', 'USD', 1000000)",
        "accounts_valuation_from_marks",
    ),
    BadWrite(
        "demo money stays demo money",
        post(("client", "100"), ("demo_house", "-100"), kind="deposit"),
        "account_transactions_demo_money",
    ),
    BadWrite(
        "a withdrawal is one by any name",
        post(("client", "-1000000"), ("house", "1000000"), kind="withdrawal", entry="deposit"),
        "account_transactions_no_overdraft",
    ),
    BadWrite(
        "also by that of a correction",
        post(("client", "-1000000"), ("house", "1000000"), kind="correction"),
        "account_transactions_no_overdraft",
    ),
    BadWrite(
        "nobody books a trade's profit but the trade",
        "SELECT post_journal('adjustment', 'bad', jsonb_build_array("
        " jsonb_build_object('account', %(client)s::uuid, 'type', 'realized_pnl', 'amount', 7,"
        "  'reference_type', 'trades', 'reference_id', %(trade)s::uuid),"
        " jsonb_build_object('account', %(house)s::uuid, 'type', 'realized_pnl', 'amount', -7)))",
        "account_transactions_of_trading",
    ),
    BadWrite(
        "nor calls anything else a trade's",
        "SELECT post_journal('adjustment', 'bad', jsonb_build_array("
        " jsonb_build_object('account', %(client)s::uuid, 'type', 'commission', 'amount', -1000000,"
        "  'reference_type', 'trades', 'reference_id', %(trade)s::uuid),"
        " jsonb_build_object('account', %(house)s::uuid, 'type', 'commission', 'amount', 1000000)))",
        "account_transactions_of_trading",
    ),
    BadWrite(
        "a loss is made by a trade",
        post(("client", "-1000000"), ("house", "1000000"), kind="correction", entry="realized_pnl"),
        "account_transactions_of_trading",
    ),
]

CASH = [
    BadWrite(
        "nobody approves his own request",
        "SELECT approve_cash(%(request)s, %(user)s)",
        "cash_requests_approved_by_another_check",
    ),
    BadWrite(
        "nor is more approved than there is",
        "SELECT approve_cash(%(request)s, %(admin)s)",
        "account_transactions_no_overdraft",
    ),
    BadWrite(
        "a request is not completed by hand",
        "UPDATE cash_requests SET status = 'completed', journal_id = %(goodwill)s,"
        " approved_by_id = %(admin)s, approved_at = now()"
        " WHERE id = %(request)s",
        "cash_requests_status_transition",
    ),
    BadWrite(
        "nor by another deposit's journal",
        "INSERT INTO cash_requests (account_id, request_type, amount, currency, requested_by_id)"
        " VALUES (%(client)s, 'deposit', 7, 'USD', %(user)s);"
        + post(("client", "7"), ("house", "-7"), kind="deposit")
        + "; UPDATE cash_requests SET status = 'processing', approved_by_id = %(admin)s, approved_at = now()"
        " WHERE amount = 7; UPDATE cash_requests SET status = 'completed',"
        " journal_id = (SELECT id FROM journals WHERE idempotency_key = 'bad') WHERE amount = 7",
        "cash_requests_journal_matches",
    ),
    BadWrite(
        "a request is approved when it is",
        "UPDATE cash_requests SET status = 'processing', approved_by_id = %(admin)s, approved_at = '2020-01-01'"
        " WHERE id = %(request)s",
        "cash_requests_approved_in_time",
    ),
    BadWrite(
        "an adjustment takes no more than there is",
        "INSERT INTO cash_requests (account_id, request_type, amount, currency, requested_by_id)"
        " VALUES (%(client)s, 'adjustment', -1000000, 'USD', %(user)s);"
        " SELECT approve_cash(id, %(admin)s) FROM cash_requests WHERE request_type = 'adjustment'",
        "account_transactions_no_overdraft",
    ),
    BadWrite(
        "what was asked for stays",
        "UPDATE cash_requests SET amount = 1 WHERE id = %(request)s",
        "cash_requests_terms_immutable",
    ),
    BadWrite(
        "and who asked",
        "UPDATE cash_requests SET requested_by_id = %(admin)s WHERE id = %(request)s",
        "cash_requests_terms_immutable",
    ),
    BadWrite("a request is not deleted", "DELETE FROM cash_requests WHERE id = %(request)s", "cash_requests_kept"),
    BadWrite(
        "a request is in the account's currency",
        "INSERT INTO cash_requests (account_id, request_type, amount, currency, requested_by_id)"
        " VALUES (%(client)s, 'deposit', 1, 'EUR', %(user)s)",
        "cash_requests_account_currency_fk",
    ),
    BadWrite(
        "cash is asked for now",
        "INSERT INTO cash_requests (account_id, request_type, amount, currency, requested_by_id, created_at)"
        " VALUES (%(client)s, 'deposit', 1, 'USD', %(user)s, '2020-01-01')",
        "cash_requests_written_now",
    ),
    BadWrite(
        "a request is born pending",
        "INSERT INTO cash_requests (account_id, request_type, amount, currency, requested_by_id,"
        " status, approved_by_id, approved_at)"
        " VALUES (%(client)s, 'deposit', 1, 'USD', %(user)s, 'processing', %(admin)s, now())",
        "cash_requests_born_pending",
    ),
]

PEOPLE_AND_LIMITS = [
    BadWrite(
        "nobody grants a role to himself",
        "INSERT INTO user_roles (user_id, role, granted_by_id) VALUES (%(user)s, 'trader', %(user)s)",
        "user_roles_granted_by_another_check",
    ),
    BadWrite(
        "who grants a role may do so",
        "INSERT INTO user_roles (user_id, role, granted_by_id) VALUES (%(other_user)s, 'admin', %(user)s)",
        "user_roles_granter_may_grant",
    ),
    BadWrite(
        "the system grants no role once somebody may",
        "INSERT INTO user_roles (user_id, role) VALUES (%(user)s, 'super_admin')",
        "user_roles_granter_may_grant",
    ),
    BadWrite(
        "a role does not become another one",
        "UPDATE user_roles SET role = 'super_admin' WHERE user_id = %(user)s",
        "user_roles_grant_immutable",
    ),
    BadWrite(
        "nor is it given to another user",
        "UPDATE user_roles SET user_id = %(other_user)s WHERE role = 'super_admin'",
        "user_roles_grant_immutable",
    ),
    BadWrite(
        "nobody makes himself a superuser",
        "UPDATE users SET is_superuser = true, is_staff = true WHERE id = %(user)s",
        "users_rights_from_above",
    ),
    BadWrite(
        "also not in his own name",
        "SELECT set_config('audit.context', jsonb_build_object('user', %(user)s)::text, true);"
        "UPDATE users SET is_staff = true WHERE id = %(user)s",
        "users_rights_from_above",
    ),
    BadWrite(
        "nor another one",
        "INSERT INTO users (username, email, password_hash, is_superuser) VALUES ('bad', 'bad@example.com', '!', true)",
        "users_rights_from_above",
    ),
    BadWrite(
        "nor does he, once he has taken all others' rights away",
        "SELECT set_config('audit.context', '{\"service\": \"bad\"}', true);"
        "UPDATE users SET is_superuser = false, is_active = false WHERE is_superuser;"
        "DELETE FROM user_roles WHERE role = 'super_admin';"
        "UPDATE users SET is_superuser = true WHERE id = %(user)s",
        "users_rights_from_above",
    ),
    BadWrite(
        "nor by a role",
        "SELECT set_config('audit.context', '{\"service\": \"bad\"}', true);"
        "UPDATE users SET is_superuser = false WHERE is_superuser;"
        "DELETE FROM user_roles WHERE role = 'super_admin';"
        "INSERT INTO user_roles (user_id, role) VALUES (%(user)s, 'super_admin')",
        "user_roles_granter_may_grant",
    ),
    BadWrite(
        "a role is held once at a time",
        "INSERT INTO user_roles (user_id, role, granted_by_id) VALUES (%(user)s, 'trader', %(admin)s)",
        "user_roles_period_excl",
    ),
    BadWrite(
        "a client has one class at a time",
        "INSERT INTO client_classifications (user_id, regime, class, valid_from)"
        " VALUES (%(user)s, 'ESMA', 'professional', '2025-01-01')",
        "client_classifications_period_excl",
    ),
    BadWrite(
        "leverage is within the account's maximum",
        "UPDATE accounts SET leverage = 500 WHERE id = %(client)s",
        "accounts_leverage_within_maximum_check",
    ),
    BadWrite(
        "a margin rate is within the cap",
        "UPDATE margin_rates SET initial_rate = 0.001, maintenance_rate = 0.001 WHERE instrument_id = %(eurusd)s",
        "margin_rates_within_cap_check",
    ),
    BadWrite("a cap is that of the class", "UPDATE margin_rates SET max_leverage = 500", "margin_rates_cap_fk"),
    BadWrite(
        "a cap is not lowered below a rate",
        "UPDATE leverage_caps SET max_leverage = 1.5",
        "margin_rates_within_cap_check",
    ),
    BadWrite(
        "margin rates do not overlap",
        "INSERT INTO margin_rates (instrument_id, regime, class, esma_class, max_leverage,"
        " initial_rate, maintenance_rate, valid_from)"
        " SELECT instrument_id, regime, class, esma_class, max_leverage,"
        " initial_rate, maintenance_rate, valid_from + '1 day'::interval"
        " FROM margin_rates LIMIT 1",
        "margin_rates_period_excl",
    ),
    BadWrite(
        "one limit of a kind is active",
        "INSERT INTO risk_limits (limit_type, entity_type, entity_id, entity_group, limit_value, currency)"
        " SELECT limit_type, entity_type, entity_id, entity_group, limit_value * 2, currency"
        " FROM risk_limits WHERE is_active LIMIT 1",
        "risk_limits_active_uniq",
    ),
    BadWrite(
        "a warning comes before the limit",
        "UPDATE risk_limits SET warning_threshold = limit_value + 1",
        "risk_limits_warning_below_limit_check",
    ),
    BadWrite(
        "one margin call is active",
        "INSERT INTO margin_calls (account_id, user_id, margin_level, margin_required, margin_available)"
        " VALUES (%(client)s, %(user)s, 50, 1000, 500)",
        "margin_calls_active_account_uniq",
    ),
    BadWrite(
        "a margin call is its account's owner's",
        "INSERT INTO margin_calls (account_id, user_id, margin_level, margin_required, margin_available)"
        " VALUES (%(other)s, %(user)s, 50, 1000, 500)",
        "margin_calls_account_user_fk",
    ),
]

MARKET = [
    BadWrite("a cap is a number", "UPDATE leverage_caps SET max_leverage = 'NaN'", "leverage_caps_finite_check"),
    BadWrite(
        "a quote is a number",
        "INSERT INTO lp_quotes (provider_id, instrument_id, quoted_at, bid, ask)"
        " VALUES (%(provider)s, %(eurusd)s, now(), 'NaN', 'NaN')",
        "lp_quotes_finite_check",
    ),
    BadWrite(
        "a quote is of some time",
        "INSERT INTO lp_quotes (provider_id, instrument_id, quoted_at, bid, ask)"
        " VALUES (%(provider)s, %(eurusd)s, 'infinity', 1, 1)",
        "lp_quotes_finite_check",
    ),
    BadWrite(
        "nor is it of a year that no period of a seal can name",
        "INSERT INTO lp_quotes (provider_id, instrument_id, quoted_at, bid, ask)"
        " VALUES (%(provider)s, %(eurusd)s, '20000-01-01', 1, 1)",
        "lp_quotes_finite_check",
    ),
    BadWrite(
        "nor is a row of a log",
        "INSERT INTO system_events (event_type, message, created_at) VALUES ('error', 'bad', 'infinity')",
        "system_events_finite_check",
    ),
    BadWrite(
        "a mark is a number",
        "INSERT INTO instrument_marks (instrument_id, marked_at, mid) VALUES (%(eurusd)s, now(), 'NaN')",
        "instrument_marks_finite_check",
    ),
    BadWrite(
        "a quote does not cross",
        "INSERT INTO lp_quotes (provider_id, instrument_id, quoted_at, bid, ask)"
        " VALUES (%(provider)s, %(eurusd)s, now(), 1.2, 1.1)",
        "lp_quotes_bid_not_above_ask_check",
    ),
    BadWrite(
        "a quote is of a known instrument",
        "INSERT INTO lp_quotes (provider_id, instrument_id, quoted_at, bid, ask)"
        " VALUES (%(provider)s, gen_random_uuid(), now(), 1, 1)",
        "lp_quotes_instrument_id_fk",
    ),
    BadWrite(
        "also where a temporary table knows it",
        "CREATE TEMPORARY TABLE instruments (id uuid) ON COMMIT DROP; INSERT INTO pg_temp.instruments"
        " VALUES (%(user)s);"
        "INSERT INTO lp_quotes (provider_id, instrument_id, quoted_at, bid, ask)"
        " VALUES (%(provider)s, %(user)s, now(), 1, 1)",
        "lp_quotes_instrument_id_fk",
    ),
    BadWrite(
        "percentages add up to 100",
        "UPDATE client_profiles SET abook_percentage = 60",
        "client_profiles_percentages_sum_check",
    ),
    BadWrite(
        "one routing rule has a priority",
        "UPDATE sor_rules SET priority = (SELECT min(priority) FROM sor_rules WHERE is_active) WHERE is_active",
        "sor_rules_active_priority_uniq",
    ),
    BadWrite(
        "a rule says what it knows",
        'UPDATE sor_rules SET conditions = \'{"weather": {"eq": "rain"}}\'',
        "sor_rules_conditions_valid_check",
    ),
    BadWrite(
        "fees do not overlap",
        "INSERT INTO fee_schedules (instrument_id, account_group, valid_from)"
        " SELECT instrument_id, account_group, valid_from + '1 day'::interval FROM fee_schedules LIMIT 1",
        "fee_schedules_period_excl",
    ),
    BadWrite("quotes are not edited", "UPDATE lp_quotes SET bid = 1", "permission denied for table lp_quotes"),
    BadWrite("marks are not deleted", "DELETE FROM instrument_marks", "permission denied for table instrument_marks"),
    BadWrite(
        "a partition is not written directly",
        "INSERT INTO lp_quotes_catch_all (provider_id, instrument_id, quoted_at, bid, ask)"
        " VALUES (%(user)s, %(user)s, '2200-01-01', 1, 1)",
        "permission denied for table lp_quotes_catch_all",
    ),
]

POSITIONS = [
    BadWrite(
        "a position has trades",
        "INSERT INTO positions"
        " (account_id, user_id, oms_type, instrument_id, side, quantity, entry_price, average_price)"
        " SELECT %(other)s, %(other_user)s, 'netting', instrument_id, side, 1, 1.1, 1.1 FROM positions",
        "permission denied for table positions",
    ),
    BadWrite(
        "two netting positions are never open",
        "INSERT INTO positions"
        " (account_id, user_id, oms_type, instrument_id, side, quantity, entry_price, average_price)"
        " SELECT account_id, user_id, oms_type, instrument_id, 'short', 1, 1.1, 1.1 FROM positions",
        "permission denied for table positions",
    ),
    BadWrite(
        "what is held is not edited",
        "UPDATE positions SET quantity = 5 WHERE id = %(position)s",
        "permission denied for table positions",
    ),
    BadWrite(
        "a position is not closed by hand",
        "UPDATE positions SET is_open = false, close_time = now() WHERE id = %(position)s",
        "permission denied for table positions",
    ),
    BadWrite(
        "what it is worth is not made up",
        "UPDATE positions SET unrealized_pnl = 1000000 WHERE id = %(position)s",
        "permission denied for table positions",
    ),
    BadWrite("a position is not deleted", "DELETE FROM positions", "permission denied for table positions"),
    BadWrite(
        "the exits of a position are in order",
        "UPDATE positions SET stop_loss = 1.2, take_profit = 1.1 WHERE id = %(position)s",
        "positions_exits_by_side_check",
    ),
    BadWrite(
        "a position's event is not written by hand",
        "INSERT INTO position_audit (position_id, seq, event_type, quantity_before, quantity_after)"
        " VALUES (%(position)s, 3, 'modified', 2, 2)",
        "permission denied for table position_audit",
    ),
    BadWrite("a position's events stay", "DELETE FROM position_audit", "permission denied for table position_audit"),
    BadWrite(
        "a trade is not written by hand",
        "INSERT INTO trades (account_id, user_id, position_id, order_id, fill_id, instrument_id, side, quantity, price,"
        " contract_size, venue, execution_id, position_effect)"
        " SELECT account_id, user_id, position_id, order_id, fill_id, instrument_id, side, quantity, price,"
        " contract_size, venue, 'bad', position_effect FROM trades WHERE id = %(trade)s",
        "permission denied for table trades",
    ),
    BadWrite(
        "the house does not trade with itself",
        order(account_id="%(house)s", user_id="%(admin)s", status="'new'")
        + "; SELECT apply_fill(id, 1.1, 1, 'XOFF', 'bad', commission => 5) FROM orders WHERE client_order_id = 'bad'",
        "order_fills_client_account",
    ),
    BadWrite(
        "a trade is undone by a bust, not by reversing its journal",
        fill(commission="5") + "; SELECT reverse_journal(id) FROM journals WHERE kind = 'trade'",
        "journals_of_trading",
    ),
    BadWrite(
        "a bust is not undone by reversing its journal",
        fill(commission="5") + "; SELECT bust_trade(trades.id, 'wrong', 'dealer')"
        " FROM trades JOIN order_fills ON order_fills.id = fill_id WHERE order_fills.execution_id = 'bad'"
        + "; SELECT reverse_journal(id) FROM journals WHERE kind = 'reversal' AND reversal_of_id IN"
        " (SELECT id FROM journals WHERE kind = 'trade')",
        "journals_of_trading",
    ),
    BadWrite(
        "nor is one booked by hand",
        post(("client", "1"), ("house", "-1"), kind="trade", entry="realized_pnl"),
        "journals_of_trading",
    ),
    BadWrite(
        "nor does another journal have the name of a swap",
        post(("client", "1"), ("house", "-1"), kind="adjustment", key="swap:account:2026-01-01"),
        "journals_of_trading",
    ),
    BadWrite(
        "nor that of the reversal of a trade",
        post(("client", "1"), ("house", "-1"), kind="adjustment", key="reversal:trade"),
        "journals_of_trading",
    ),
    BadWrite(
        "a reversal has no other name of trading",
        post(("client", "1"), ("house", "-1"), kind="adjustment", key="booked")
        + "; SELECT reverse_journal(id, 'bust:' || id) FROM journals WHERE idempotency_key = 'booked'",
        "journals_of_trading",
    ),
    BadWrite("a bust has a reason", "SELECT bust_trade(%(trade)s, '', 'dealer')", "trades_bust_reason"),
    BadWrite(
        "what was never traded is not busted", "SELECT bust_trade(%(fill)s, 'wrong', 'dealer')", "trades_busts_id_fk"
    ),
    BadWrite(
        "the parts of a fill are no doors",
        "SELECT book_trade(NULL, 1, 1, NULL)",
        "permission denied for function book_trade",
    ),
    BadWrite(
        "a night is charged when it is over", "SELECT accrue_swaps(current_date + 1000)", "positions_swap_night_over"
    ),
    BadWrite("and not before", "SELECT charge_night(current_date)", "permission denied for function charge_night"),
    BadWrite(
        "what is held stays what it is",
        "UPDATE instruments SET contract_size = 1 WHERE id = %(eurusd)s",
        "instruments_terms_in_use",
    ),
    BadWrite(
        "what was traded keeps its currencies",
        "UPDATE instruments SET quote_currency = 'GBP' WHERE id = %(eurusd)s",
        "instruments_currencies_immutable",
    ),
    BadWrite("a trade is not changed", "UPDATE trades SET pnl = 1000000", "permission denied for table trades"),
    BadWrite("a trade is not deleted", "DELETE FROM trades", "permission denied for table trades"),
    BadWrite("trades are not truncated", "TRUNCATE trades CASCADE", "permission denied for table trades"),
]

HISTORY = [
    BadWrite(
        "an order's event is not written by hand",
        "INSERT INTO order_audit (order_id, seq, event_type, exec_type, previous_status, new_status)"
        " VALUES (%(working)s, 3, 'canceled', 'canceled', 'new', 'canceled')",
        "permission denied for table order_audit",
    ),
    BadWrite("an order's event is not deleted", "DELETE FROM order_audit", "permission denied for table order_audit"),
    BadWrite("nor edited", "UPDATE order_audit SET reason = 'other'", "permission denied for table order_audit"),
    BadWrite(
        "an account's event is not written by hand",
        "INSERT INTO account_audit (account_id, seq, event_type) VALUES (%(client)s, 9, 'unlocked')",
        "permission denied for table account_audit",
    ),
    BadWrite(
        "the audit log is not edited", "UPDATE audit_log SET changes = '{}'", "permission denied for table audit_log"
    ),
    BadWrite("nor deleted", "DELETE FROM audit_log", "permission denied for table audit_log"),
    BadWrite("nor truncated", "TRUNCATE audit_log", "permission denied for table audit_log"),
    BadWrite("seals are not broken", "UPDATE audit_seals SET lo = 0", "permission denied for table audit_seals"),
    BadWrite(
        "nobody says that the books were verified",
        "INSERT INTO system_events (event_type, message, service, details)"
        " VALUES ('books_verified', 'The books hold.', 'verify_books', '{\"point\": {\"xid\": 1}}')",
        "system_events_verified_point",
    ),
    BadWrite("system events stay", "DELETE FROM system_events", "permission denied for table system_events"),
]

POWERS = [
    BadWrite("triggers stay on", "ALTER TABLE account_transactions DISABLE TRIGGER ALL", "must be owner of table"),
    BadWrite("also for a session", "SET session_replication_role = replica", "permission denied to set parameter"),
    BadWrite("nobody becomes the owner", "SET ROLE trading_owner", "permission denied to set role"),
    BadWrite("nor a superuser", "SET SESSION AUTHORIZATION postgres", "permission denied to set session authorization"),
    BadWrite("no table is made", "CREATE TABLE bad (id int)", "permission denied for schema"),
    BadWrite("no schema either", "CREATE SCHEMA bad", "permission denied for database"),
    BadWrite("a key stays", "ALTER TABLE accounts DROP CONSTRAINT accounts_head_fk", "must be owner of table"),
    BadWrite(
        "a trigger stays", "DROP TRIGGER account_transactions_head ON account_transactions", "must be owner of relation"
    ),
    BadWrite(
        "a function is not replaced",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "permission denied for schema",
    ),
    BadWrite("nor opened", "ALTER FUNCTION post_entries() SECURITY INVOKER", "must be owner of function"),
    BadWrite(
        "a rule is not written around a table",
        "CREATE RULE bad AS ON INSERT TO journals DO INSTEAD NOTHING",
        "must be owner of table",
    ),
    BadWrite("rights are not taken", "ALTER TABLE journals OWNER TO trading_app", "must be owner of table"),
    BadWrite(
        "transitions are part of the schema",
        "INSERT INTO order_status_transitions (from_status, to_status, exec_type)"
        " VALUES ('canceled', 'new', 'restated')",
        "permission denied for table order_status_transitions",
    ),
    BadWrite(
        "migrations are not unmade", "DELETE FROM django_migrations", "permission denied for table django_migrations"
    ),
    BadWrite("no file is read", "COPY currencies (code) FROM '/etc/passwd'", "COPY from a file"),
    BadWrite(
        "no program is run",
        "COPY currencies TO PROGRAM 'true'",
        "COPY to or from an external program",
    ),
]

BAD_WRITES = [*ORDERS, *FILLS, *POSITIONS, *LEDGER, *CASH, *PEOPLE_AND_LIMITS, *MARKET, *HISTORY, *POWERS]


def attempt(broker: Broker, sql: str) -> None:
    """Run it up to where it would commit; what is accepted by mistake is taken back, so that the other lines count."""
    with broker.app.transaction(force_rollback=True):
        # A cursor of the client's side: several statements in one text are one attempt.
        psycopg.ClientCursor(broker.app).execute(sql, broker.names)
        broker.app.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize("bad", BAD_WRITES, ids=lambda bad: bad.sentence)
def test_is_refused(broker: Broker, bad: BadWrite) -> None:
    """By that rule; that nothing has changed is checked once, when the broker closes."""
    with pytest.raises(psycopg.Error) as refusal:
        attempt(broker, bad.sql)
    rule = refusal.value.diag.constraint_name
    assert rule == bad.refused_by or bad.refused_by in str(refusal.value), f"refused, but by {rule or refusal.value}"


def test_the_table_is_long_enough() -> None:
    """Sixty are promised; a sentence is there once."""
    assert len(BAD_WRITES) >= 60
    assert len({bad.sentence for bad in BAD_WRITES}) == len(BAD_WRITES)
