from audit.admin import changes, events, history

__all__ = ["changes", "events", "history"]
