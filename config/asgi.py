"""The ASGI entry, for uvicorn and daphne."""

import os

from config.settings import environment  # noqa: F401 - reads .env, which may name the settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

from django.core.asgi import get_asgi_application

from config.serving import prepare_server

application = get_asgi_application()
prepare_server()
