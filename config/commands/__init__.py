"""What every management command shares: its output, its failures and their exit codes."""

from config.commands.base import ProjectCommand
from config.commands.failures import (
    DrillMismatch,
    EnvironmentFailed,
    Failed,
    Locked,
    NoSpace,
    UsageFailed,
    VerificationFailed,
    VersionSkew,
)

__all__ = [
    "DrillMismatch",
    "EnvironmentFailed",
    "Failed",
    "Locked",
    "NoSpace",
    "ProjectCommand",
    "UsageFailed",
    "VerificationFailed",
    "VersionSkew",
]
