"""A table like `orders`, with the audit log or with usual ways to keep a history."""
