"""What every management command shares: its output, its failures and their exit codes."""

from config.commands.base import ProjectCommand
from config.commands.failures import EnvironmentFailed, Failed, Locked, UsageFailed, VerificationFailed

__all__ = ["EnvironmentFailed", "Failed", "Locked", "ProjectCommand", "UsageFailed", "VerificationFailed"]
