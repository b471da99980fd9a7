"""`audited()`: triggers that write every change of a table to `audit_log`, generated from its model."""

from audit.capture.triggers import audited

__all__ = ["audited"]
