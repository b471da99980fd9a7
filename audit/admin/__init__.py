from audit.admin import changes, events, history, retention

__all__ = ["changes", "events", "history", "retention"]
