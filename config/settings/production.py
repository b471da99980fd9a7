"""Production: every secret comes from the environment, and only HTTPS is spoken."""

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from config.settings.base import *  # noqa: F403
from config.settings.environment import DEVELOPMENT_ENCRYPTION_KEY, DEVELOPMENT_SECRET_KEY, env

DEBUG = False
SECRET_KEY = env.str("SECRET_KEY")
FIELD_ENCRYPTION_KEYS = env.list("FIELD_ENCRYPTION_KEYS")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

for variable, value in [
    ("SECRET_KEY", SECRET_KEY),
    ("FIELD_ENCRYPTION_KEYS", FIELD_ENCRYPTION_KEYS),
    ("ALLOWED_HOSTS", ALLOWED_HOSTS),
]:
    if not value:
        raise ImproperlyConfigured(f"{variable} is empty: fill it in the environment or in .env (see .env.example).")
if SECRET_KEY == DEVELOPMENT_SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is that of development, which everybody knows: set one of your own.")
try:
    [Fernet(key) for key in FIELD_ENCRYPTION_KEYS]
except ValueError as error:
    raise ImproperlyConfigured(
        "FIELD_ENCRYPTION_KEYS holds something that is no Fernet key: docs/DATABASE_SETUP.md says how one is made."
    ) from error
# Behind another it may still open what it was used for.
if FIELD_ENCRYPTION_KEYS[0] == DEVELOPMENT_ENCRYPTION_KEY:
    raise ImproperlyConfigured(
        "FIELD_ENCRYPTION_KEYS begins with the key of development, which everybody knows: put one of your own in front."
    )

if EMBEDDED_DATABASE:  # noqa: F405
    raise ImproperlyConfigured(
        "DATABASE_URL is not set: production needs a PostgreSQL server of its own, not the embedded one."
    )

SECURE_SSL_REDIRECT = env.boolean("SECURE_SSL_REDIRECT", default=True)
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.boolean("BEHIND_TLS_PROXY", default=False) else None
)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
# Nobody stays logged in to a back office overnight.
SESSION_COOKIE_AGE = env.int("SESSION_COOKIE_AGE", default=8 * 3600)
