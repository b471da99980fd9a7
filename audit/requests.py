"""What the logs keep of a web request."""

import hashlib

from django.http import HttpRequest

MAXIMUM_USER_AGENT = 500


def client_address(request: HttpRequest | None) -> str | None:
    """The address that the request came from; None without a request or behind a Unix socket."""
    return (request.META.get("REMOTE_ADDR") or None) if request is not None else None


def user_agent(request: HttpRequest | None) -> str:
    """The client's program as it names itself, cut to 500 characters."""
    return request.META.get("HTTP_USER_AGENT", "")[:MAXIMUM_USER_AGENT] if request is not None else ""


def session_digest(request: HttpRequest | None) -> str:
    """SHA-256 of the session's key, which itself is as good as a password; empty without a session."""
    key = getattr(getattr(request, "session", None), "session_key", None)
    return hashlib.sha256(key.encode()).hexdigest() if key else ""
