"""The WSGI entry, for gunicorn and `runserver`."""

import os

from config.settings import environment  # noqa: F401 - reads .env, which may name the settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

from django.core.wsgi import get_wsgi_application

from config.serving import prepare_server

application = get_wsgi_application()
prepare_server()
