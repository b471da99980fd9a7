"""Every page of the admin, opened with the test data in the tables."""

import html
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, ClientClassification, User
from audit.context import acting
from audit.models import AuditLog
from config.backoffice.columns import grouped
from ops.seeding.seed import seed_small_broker
from risk.models import CircuitBreaker, LeverageCap, MarginRate, RiskAlert, StressTestScenario
from tests.rows import accounts
from tests.rows import trading as rows
from trading.models import FeeSchedule, Instrument

APPS = ("accounts", "trading", "liquidity", "risk", "audit", "ops")
MODELS = [model for label in APPS for model in apps.get_app_config(label).get_models()]
APPEND_ONLY = [
    model for model in MODELS if "append_only" in {trigger.name for trigger in getattr(model._meta, "triggers", [])}
]


def page(model: Any, name: str, *arguments: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=arguments)


@pytest.fixture
def client(db: None, client: Client) -> Client:
    seed_small_broker(password_for=lambda username: "correct horse battery staple")
    client.force_login(User.objects.get(username="admin"))
    return client


# One test opens all pages, because filling the tables takes longer than opening one.


def test_lists_search_and_filters_open(client: Client, subtests: pytest.Subtests) -> None:
    for model in MODELS:
        with subtests.test(model._meta.db_table):
            assert admin.site.get_model_admin(model).list_display != ("__str__",)
            for query in ({}, {"q": "EURUSD"}, {"q": "0190b5f0-0000-7000-8000-000000000000"}):
                assert client.get(page(model, "changelist"), query).status_code == 200


@pytest.mark.parametrize("nonsense", ["abc", "9" * 40, "\0"], ids=["text", "number", "nul"])
def test_no_list_fails_for_nonsense_in_its_address(client: Client, subtests: pytest.Subtests, nonsense: str) -> None:
    addresses = [(model, name) for model in MODELS for name in ("q", "o", "p")]
    # One column of each type.
    addresses += {type(field): (model, field.name) for model in MODELS for field in model._meta.fields}.values()
    for model, name in addresses:
        with subtests.test(model._meta.db_table, name=name), transaction.atomic():
            assert client.get(page(model, "changelist"), {name: nonsense}).status_code in (200, 302, 400)
            transaction.set_rollback(True)


def test_a_document_that_python_cannot_read_closes_no_page(client: Client, subtests: pytest.Subtests) -> None:
    nested = '{"a": ' * 2000 + "1" + "}" * 2000
    account = Account.objects.order_by("pk")[0]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts SET metadata = %s WHERE id = %s", [nested, account.pk])
    change = AuditLog.objects.defer("changes").filter(record_id=account.pk).latest("id")
    for model, key in ((Account, account.pk), (AuditLog, change.pk)):
        with subtests.test(model._meta.db_table):
            assert client.get(page(model, "changelist")).status_code == 200
            assert nested in html.unescape(client.get(page(model, "change", key)).content.decode()).replace('\\"', '"')
    assert nested in html.unescape(client.get(page(Account, "history", account.pk)).content.decode())
    answer = client.post(page(Account, "change", account.pk), {"metadata": nested})
    assert answer.context["adminform"].form.errors["metadata"] == ["It is nested too deeply to be edited here."]


def test_a_document_that_cannot_be_stored_is_refused_by_the_form(client: Client, subtests: pytest.Subtests) -> None:
    for model, name in ((Account, "metadata"), (StressTestScenario, "market_shocks")):
        row = model._base_manager.first()
        assert row is not None
        for typed in (r'{"a": "\u0000"}', r'{"a": "\ud800"}', '{"a": NaN}'):
            with subtests.test(model._meta.db_table, typed=typed):
                answer = client.post(page(model, "change", row.pk), {name: typed})
                problem = ["It holds a number or a character that cannot be stored."]
                assert answer.context["adminform"].form.errors[name] == problem
                assert typed in html.unescape(answer.content.decode())


def test_a_document_that_python_cannot_read_stays_as_it_is(client: Client) -> None:
    nested = "[" * 2000 + "]" * 2000
    account = Account.objects.order_by("pk")[0]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts SET metadata = %s WHERE id = %s", [nested, account.pk])
        Account.objects.get(pk=account.pk).save()
        cursor.execute("SELECT metadata::text FROM accounts WHERE id = %s", [account.pk])
        assert cursor.fetchone() == (nested,)


def test_rows_and_empty_forms_open(client: Client, subtests: pytest.Subtests) -> None:
    for model in MODELS:
        with subtests.test(model._meta.db_table):
            row = model._base_manager.first()
            if row is not None:
                assert client.get(page(model, "change", row.pk)).status_code == 200
            request = client.get(page(model, "changelist")).wsgi_request
            adds = admin.site.get_model_admin(model).has_add_permission(request)
            assert client.get(page(model, "add")).status_code == (200 if adds else 403)


def test_numbers_that_are_only_read_are_shown_as_in_lists(client: Client) -> None:
    account = Account.objects.filter(balance__gte=1000).first()
    assert account is not None
    request = accounts.cash_request(account=account, amount="1250.5")
    entry = account.transactions.exclude(amount=0)[0]
    for row, number in (
        (account, account.balance),
        (request, request.amount),
        (entry.journal, entry.amount),  # an entry is a line below its journal
    ):
        content = client.get(page(type(row), "change", row.pk)).content.decode()
        assert grouped(Decimal(number)) in content
        assert f"{Decimal(number):.8f}" not in content


def test_append_only_rows_are_read_only(client: Client, subtests: pytest.Subtests) -> None:
    assert len(APPEND_ONLY) > 15
    for model in APPEND_ONLY:
        with subtests.test(model._meta.db_table):
            request = client.get(page(model, "changelist")).wsgi_request
            model_admin = admin.site.get_model_admin(model)
            assert not model_admin.has_add_permission(request)
            assert not model_admin.has_change_permission(request)
            assert not model_admin.has_delete_permission(request)


def test_no_page_shows_a_hash_or_a_secret(client: Client) -> None:
    user = User.objects.get(username="trader1")
    shown = client.get(page(User, "change", user.pk)).content.decode()
    assert user.password not in shown
    assert "argon2" not in shown


def test_index_leads_to_every_app(client: Client) -> None:
    content = client.get(reverse("admin:index")).content.decode()
    for label in APPS:
        assert apps.get_app_config(label).verbose_name in content


def test_a_change_says_who_made_it_and_leads_to_the_row(client: Client) -> None:
    row = Instrument.objects.first()
    assert row is not None
    with acting(user=User.objects.get(username="admin").pk, reason="Asked by phone"), transaction.atomic():
        Instrument.objects.filter(pk=row.pk).update(is_tradable=not row.is_tradable)
    change = AuditLog.objects.filter(record_id=row.pk, action="UPDATE").latest("id")
    shown = client.get(page(AuditLog, "change", change.pk)).content.decode()
    for part in (">admin<", "Asked by phone", page(Instrument, "history", row.pk)):
        assert part in " ".join(shown.split()).replace("> ", ">").replace(" <", "<")


def test_what_the_database_refuses_is_said_in_the_form_with_what_was_typed(client: Client) -> None:
    rate = MarginRate.objects.filter(esma_class="fx_major").first()
    assert rate is not None
    typed = {
        "instrument": rate.instrument_id,
        "regime": rate.regime,
        "client_class": rate.client_class,
        "esma_class": "fx_minor_gold_index",
        "max_leverage": "20",
        "initial_rate": "0.07",
        "maintenance_rate": "0.05",
        "valid_from_0": str(rate.valid_from.date()),
        "valid_from_1": str(rate.valid_from.time()),
    }
    answer = client.post(page(MarginRate, "change", rate.pk), typed)
    assert answer.status_code == 200
    form = answer.context["adminform"].form
    (problem,) = form.non_field_errors()
    assert "margin_rates_instrument_class_fk" in problem
    assert str(rate.instrument_id) not in problem
    assert form["initial_rate"].value() == "0.07"
    rate.refresh_from_db()
    assert rate.esma_class == "fx_major"


def test_a_period_that_ends_before_it_begins_is_refused_by_the_form(client: Client) -> None:
    row = ClientClassification.objects.first()
    assert row is not None
    typed = {"user": row.user_id, "regime": row.regime, "client_class": row.client_class, "reason": row.reason}
    typed |= {"valid_from": "2026-02-01", "valid_until": "2026-01-01"}
    answer = client.post(page(ClientClassification, "change", row.pk), typed)
    assert answer.status_code == 200
    assert "range lower bound" in str(answer.context["adminform"].form.non_field_errors())


def test_a_rule_of_another_table_is_told_in_its_own_words(client: Client) -> None:
    rate = MarginRate.objects.first()
    assert rate is not None
    cap = LeverageCap.objects.get(regime=rate.regime, client_class=rate.client_class, esma_class=rate.esma_class)
    typed = {"regime": cap.regime, "client_class": cap.client_class, "esma_class": cap.esma_class, "max_leverage": "1"}
    answer = client.post(page(LeverageCap, "change", cap.pk), typed)
    assert answer.context["adminform"].form.non_field_errors() == [
        "The database refuses this: margin rate: The initial rate is at least 1 / max_leverage, rounded up."
    ]


@pytest.mark.parametrize("chosen", [False, True], ids=["one", "chosen"])
def test_what_the_database_does_not_let_go_is_said_above_the_list(client: Client, chosen: bool) -> None:
    rate = MarginRate.objects.first()
    assert rate is not None
    cap = LeverageCap.objects.get(regime=rate.regime, client_class=rate.client_class, esma_class=rate.esma_class)
    if chosen:
        action = {"action": "delete_selected", "_selected_action": [cap.pk], "post": "yes"}
        answer = client.post(page(LeverageCap, "changelist"), action, follow=True)
    else:
        answer = client.post(page(LeverageCap, "delete", cap.pk), {"post": "yes"}, follow=True)
    assert answer.redirect_chain == [(page(LeverageCap, "changelist"), 302)]
    assert "margin_rates_cap_fk" in str(*answer.context["messages"])
    assert LeverageCap.objects.filter(pk=cap.pk).exists()


@pytest.mark.parametrize("typed", ["abc", "\0", "1"])
def test_a_chosen_row_without_a_key_is_refused_by_the_form(client: Client, typed: str) -> None:
    assert client.get(page(RiskAlert, "add"), {"account": typed}).status_code == 200
    answer = client.post(page(RiskAlert, "add"), {"account": typed})
    assert "account" in answer.context["adminform"].form.errors


@pytest.mark.parametrize(("given", "shown"), [("2026-01-02T03:04:05Z", True), ("abc", False), ("\0", False)])
def test_an_empty_form_starts_with_a_time_that_its_address_names(client: Client, given: str, shown: bool) -> None:
    content = client.get(page(RiskAlert, "add"), {"resolved_at": given}).content.decode()
    assert ('value="02/01/2026"' in content and 'value="03:04:05"' in content) is shown


def test_an_autocompleted_field_finds_nothing_for_what_no_row_can_hold(client: Client) -> None:
    typed = {"app_label": "risk", "model_name": "riskalert", "field_name": "account"}
    url = reverse("admin:autocomplete")
    assert client.get(url, {**typed, "term": "LIVE"}).json()["results"]
    assert client.get(url, {**typed, "term": "LI\0VE"}).json()["results"] == []


def test_no_list_counts_what_each_choice_of_a_filter_would_find(client: Client, subtests: pytest.Subtests) -> None:
    for model in MODELS:
        with subtests.test(model._meta.db_table), CaptureQueriesContext(connection) as queries:
            answer = client.get(page(model, "changelist"), {"_facets": "True"})
            assert answer.status_code == 200
            assert "Show counts" not in answer.content.decode()
            assert not [query for query in queries if "FILTER (WHERE" in query["sql"]]


def test_a_filter_that_no_row_can_meet_opens_the_list_without_it(client: Client) -> None:
    answer = client.get(page(RiskAlert, "changelist"), {"status__exact": "\0"})
    assert (answer.status_code, answer.url) == (302, f"{page(RiskAlert, 'changelist')}?e=1")


@pytest.mark.parametrize(
    ("lookup", "value"),
    [
        ("severity__range", "a"),
        ("severity__range", ""),
        ("severity__regex", "("),
        ("last_occurred_at", "abc"),
        ("last_occurred_at__date__gt", "99999-01-01"),
        ("last_occurred_at__year", "9" * 30),
        ("last_occurred_at__year__lt", "99999"),
        ("title__unaccent", "a"),
        ("notification_channels", "abc"),
    ],
)
def test_a_filter_whose_value_is_wrong_opens_the_list_without_it(client: Client, lookup: str, value: str) -> None:
    answer = client.get(page(RiskAlert, "changelist"), {lookup: value})
    assert (answer.status_code, answer.url) == (302, f"{page(RiskAlert, 'changelist')}?e=1")


@pytest.mark.parametrize("key", ["abc", "", "\0", "9" * 40])
@pytest.mark.parametrize("model", [RiskAlert, CircuitBreaker], ids=lambda model: model.__name__)
def test_a_chosen_row_that_is_none_is_refused_above_the_list(client: Client, model: Any, key: str) -> None:
    typed = {"action": "delete_selected", "_selected_action": [key]}
    answer = client.post(page(model, "changelist"), typed, follow=True)
    assert answer.redirect_chain == [(page(model, "changelist"), 302)]
    assert "What was chosen is no row of this list." in str(*answer.context["messages"])


def test_a_form_does_not_undo_what_happened_since_it_was_opened(client: Client) -> None:
    """As the lock after wrong passwords, while somebody corrects the name."""
    user = User.objects.get(username="trader1")
    url = page(User, "change", user.pk)
    typed = {name: getattr(user, name) for name in ("username", "email", "kyc_status", "kyc_level")}
    typed |= {"first_name": "Ada", "is_active": "on", "metadata": "{}"}
    typed |= {"roles-TOTAL_FORMS": "0", "roles-INITIAL_FORMS": "0"}
    # The test is one transaction, and its time is that of all changes: an older form stands for one that was overtaken.
    older = (user.updated_at - timedelta(minutes=1)).isoformat()
    answer = client.post(url, {**typed, "_version": older})
    assert answer.status_code == 200
    assert "Somebody has changed this row" in str(answer.context["adminform"].form.non_field_errors())
    assert f'name="_version" value="{older}"' in answer.content.decode()
    assert User.objects.get(pk=user.pk).first_name == user.first_name
    shown = f'name="_version" value="{user.updated_at.isoformat()}"'
    assert shown in client.get(url).content.decode()
    assert client.post(url, {**typed, "_version": user.updated_at.isoformat()}).status_code == 302
    assert User.objects.get(pk=user.pk).first_name == "Ada"


def test_a_time_is_saved_as_it_was_to_the_microsecond(client: Client) -> None:
    """Cut to the second, a period would begin while the one before it lasts, and its row could not be saved."""
    before = FeeSchedule.objects.filter(valid_until=None)[0]
    changed_at = datetime(2026, 5, 5, 10, 0, 0, 123456, tzinfo=UTC)
    FeeSchedule.objects.filter(pk=before.pk).update(valid_until=changed_at)
    after = rows.fee_schedule(
        instrument=before.instrument,
        account_group=before.account_group,
        commission_currency=before.commission_currency,
        valid_from=changed_at,
    )
    for schedule in (before, after):
        url = page(FeeSchedule, "change", schedule.pk)
        form = client.get(url).context["adminform"].form
        typed = {box.html_name: box.value() or "" for box in form}
        for name in ("valid_from", "valid_until"):
            boxes = form.fields[name].widget.get_context(name, form[name].value(), {})["widget"]["subwidgets"]
            typed |= {box["name"]: box["value"] or "" for box in boxes}
        assert client.post(url, typed).status_code == 302
    assert FeeSchedule.objects.get(pk=before.pk).valid_until == changed_at
    assert FeeSchedule.objects.get(pk=after.pk).valid_from == changed_at
