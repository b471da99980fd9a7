from audit.admin import changes, events

__all__ = ["changes", "events"]
