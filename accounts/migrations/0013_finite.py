from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

from config.database.finite import AreFinite


class Migration(migrations.Migration):
    """Unvalidated, so that the tables are locked for a moment only; the next migration validates."""

    dependencies = [("accounts", "0012_money_rules")]

    operations = [
        AddConstraintNotValid(
            model_name='account',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'deleted_at', 'balance', 'equity', 'margin_used', 'margin_available', 'margin_level', 'unrealized_pnl', 'realized_pnl', 'credit')), name='accounts_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='accountaudit',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at')), name='account_audit_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='accounttransaction',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'amount', 'balance_before', 'balance_after', 'processed_at')), name='account_transactions_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='apikey',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'last_used_at', 'expires_at', 'revoked_at')), name='api_keys_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='cashrequest',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'amount', 'approved_at')), name='cash_requests_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='clientclassification',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'valid_from', 'valid_until')), name='client_classifications_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='clientidentity',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'birth_date')), name='client_identities_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='currency',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at')), name='currencies_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='journal',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at')), name='journals_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'deleted_at', 'email_verified_at', 'last_login', 'locked_until')), name='users_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='userrole',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'granted_at', 'expires_at')), name='user_roles_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='usersession',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'started_at', 'last_seen_at', 'ended_at')), name='user_sessions_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
    ]
