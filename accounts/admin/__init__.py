from django.contrib import admin
from django.contrib.auth.models import Group

from accounts.admin import accounts, clients, ledger, users

__all__ = ["accounts", "clients", "ledger", "users"]

# Rights come from roles; a group would be a page that grants nothing.
admin.site.unregister(Group)
