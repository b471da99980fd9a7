"""People, roles, accounts and the ledger."""
