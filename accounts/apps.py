from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, roles, accounts and the ledger."""

    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from accounts import signals  # noqa: F401 - connects the receivers
