"""Development: works without any variable set, on the embedded server."""

from config.settings.base import *  # noqa: F403
from config.settings.environment import DEVELOPMENT_ENCRYPTION_KEY, DEVELOPMENT_SECRET_KEY, env

DEBUG = env.boolean("DEBUG", default=True)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
SECRET_KEY = env.str("SECRET_KEY", default=DEVELOPMENT_SECRET_KEY)
FIELD_ENCRYPTION_KEYS = env.list("FIELD_ENCRYPTION_KEYS", default=[DEVELOPMENT_ENCRYPTION_KEY])
