from accounts.models.account_audit import AccountAudit
from accounts.models.accounts import Account
from accounts.models.api_keys import ApiKey
from accounts.models.cash_requests import CashRequest
from accounts.models.clients import ClientClassification, ClientIdentity
from accounts.models.currencies import Currency
from accounts.models.ledger import AccountTransaction, Journal
from accounts.models.roles import UserRole
from accounts.models.sessions import UserSession
from accounts.models.users import User

__all__ = [
    "Account",
    "AccountAudit",
    "AccountTransaction",
    "ApiKey",
    "CashRequest",
    "ClientClassification",
    "ClientIdentity",
    "Currency",
    "Journal",
    "User",
    "UserRole",
    "UserSession",
]
