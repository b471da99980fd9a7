import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations, models

import config.database.operations


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs outside a transaction.
    atomic = False

    dependencies = [
        ("accounts", "0001_schema"),
    ]

    operations = [
        config.database.operations.AddIndexesConcurrently(
            model_name="account",
            indexes=[
                django.contrib.postgres.indexes.GinIndex(
                    django.contrib.postgres.indexes.OpClass(
                        django.db.models.functions.text.Upper("account_number"), name="gin_trgm_ops"
                    ),
                    name="accounts_number_trgm_idx",
                ),
                models.Index(fields=["user"], name="accounts_user_idx"),
                models.Index(
                    condition=models.Q(("group_name", ""), _negated=True),
                    fields=["group_name", "account_number"],
                    name="accounts_group_idx",
                ),
                models.Index(
                    condition=models.Q(("is_locked", True)), fields=["account_number"], name="accounts_locked_idx"
                ),
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="accountaudit",
            indexes=[
                django.contrib.postgres.indexes.BrinIndex(
                    autosummarize=True, fields=["created_at"], name="account_audit_time_brin_idx"
                )
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="accounttransaction",
            indexes=[
                models.Index(fields=["journal"], name="account_trans_journal_idx"),
                models.Index(
                    condition=models.Q(("reference_id__isnull", False)),
                    fields=["reference_id"],
                    name="account_trans_reference_idx",
                ),
                django.contrib.postgres.indexes.BrinIndex(
                    autosummarize=True, fields=["processed_at"], name="account_trans_time_brin_idx"
                ),
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="apikey",
            indexes=[
                models.Index(
                    condition=models.Q(("revoked_at__isnull", True)),
                    fields=["user", "name"],
                    name="api_keys_user_live_idx",
                )
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="cashrequest",
            indexes=[
                models.Index(
                    condition=models.Q(("status__in", ["pending", "processing"])),
                    fields=["created_at"],
                    name="cash_requests_queue_idx",
                ),
                models.Index(
                    models.F("account"),
                    models.OrderBy(models.F("created_at"), descending=True),
                    name="cash_requests_account_idx",
                ),
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="clientidentity",
            indexes=[
                models.Index(
                    condition=models.Q(("lei", ""), _negated=True), fields=["lei"], name="client_identities_lei_idx"
                ),
                django.contrib.postgres.indexes.GinIndex(
                    django.contrib.postgres.indexes.OpClass(
                        django.db.models.functions.text.Upper("surname"), name="gin_trgm_ops"
                    ),
                    name="client_identities_surname_idx",
                ),
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="journal",
            indexes=[
                django.contrib.postgres.indexes.BrinIndex(
                    autosummarize=True, fields=["created_at"], name="journals_created_at_brin_idx"
                )
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="user",
            indexes=[
                django.contrib.postgres.indexes.GinIndex(
                    django.contrib.postgres.indexes.OpClass(
                        django.db.models.functions.text.Upper("email"), name="gin_trgm_ops"
                    ),
                    name="users_email_trgm_idx",
                ),
                django.contrib.postgres.indexes.GinIndex(
                    django.contrib.postgres.indexes.OpClass(
                        django.db.models.functions.text.Upper("username"), name="gin_trgm_ops"
                    ),
                    name="users_username_trgm_idx",
                ),
                models.Index(
                    condition=models.Q(("deleted_at__isnull", True), ("kyc_status__in", ["pending", "under_review"])),
                    fields=["created_at"],
                    name="users_kyc_queue_idx",
                ),
                models.Index(condition=models.Q(("is_staff", True)), fields=["username"], name="users_staff_idx"),
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="userrole",
            indexes=[
                models.Index(fields=["user"], include=("role", "granted_at", "expires_at"), name="user_roles_user_idx")
            ],
        ),
        config.database.operations.AddIndexesConcurrently(
            model_name="usersession",
            indexes=[
                models.Index(
                    models.F("user"),
                    models.OrderBy(models.F("started_at"), descending=True),
                    name="user_sessions_user_idx",
                ),
                models.Index(
                    condition=models.Q(("ended_at__isnull", True)),
                    fields=["last_seen_at"],
                    name="user_sessions_live_idx",
                ),
            ],
        ),
    ]
