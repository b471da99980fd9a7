"""Every request's changes are its user's."""

import re
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

from audit.context import acting
from audit.requests import client_address, session_digest, user_agent

REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
HEADER = "X-Request-ID"


class AuditContextMiddleware:
    """What a request writes names its user, address, browser, session and id. After AuthenticationMiddleware.

    The id is the caller's `X-Request-ID`, as a proxy sets it, or a new one; the answer bears it, too.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self._answer_later(request)
        with acting(**self._facts(request)) as context:
            response: HttpResponseBase = self.get_response(request)
        response.headers[HEADER] = context.request
        return response

    async def _answer_later(self, request: HttpRequest) -> HttpResponseBase:
        with acting(**self._facts(request)) as context:
            response: HttpResponseBase = await self.get_response(request)
        response.headers[HEADER] = context.request
        return response

    def _facts(self, request: HttpRequest) -> dict[str, Any]:
        given = request.headers.get(HEADER, "")
        return {
            # Looked up when something is written: most requests write nothing.
            "user": lambda: getattr(getattr(request, "user", None), "pk", None),
            "ip": client_address(request),
            "user_agent": user_agent(request),
            "session": session_digest(request),
            "request": given if REQUEST_ID.fullmatch(given) else str(uuid.uuid4()),
            "service": "web",
        }
