"""What code itself writes to the logs."""

import uuid

import pytest
from django.test import RequestFactory

from audit.choices import Activity, Severity, SystemEventType
from audit.models import SystemEvent, UserActivityLog
from audit.services import record_system_event, record_user_activity

pytestmark = pytest.mark.django_db


def test_a_system_event_is_written_with_its_details() -> None:
    record_system_event(
        event_type=SystemEventType.BACKUP_COMPLETED,
        message="Backup 7 is complete.",
        details={"bytes": 12},
        service="backup_db",
    )
    event = SystemEvent.objects.get(event_type=SystemEventType.BACKUP_COMPLETED)
    assert (event.event_type, event.severity, event.message) == (
        "backup_completed",
        Severity.INFO,
        "Backup 7 is complete.",
    )
    assert (event.details, event.service, event.host) == ({"bytes": 12}, "backup_db", "")


def test_activity_keeps_address_and_program_of_the_request() -> None:
    user_id = uuid.uuid4()
    request = RequestFactory().get("/", REMOTE_ADDR="2001:db8::1", HTTP_USER_AGENT="x" * 10_000)
    record_user_activity(
        activity=Activity.API_KEY_CREATED, user_id=user_id, request=request, details={"prefix": "abcd"}
    )
    row = UserActivityLog.objects.get()
    assert (row.user_id, row.ip_address, row.user_agent) == (user_id, "2001:db8::1", "x" * 500)
    assert row.details == {"prefix": "abcd"}


def test_activity_without_a_request_has_no_address() -> None:
    record_user_activity(activity=Activity.PASSWORD_RESET, user_id=None)
    row = UserActivityLog.objects.get()
    assert (row.ip_address, row.user_agent, row.session_id) == (None, "", "")
