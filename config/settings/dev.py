"""Development: works without any variable set, on the embedded server."""

from config.settings.base import *  # noqa: F403
from config.settings.environment import env

DEBUG = env.boolean("DEBUG", default=True)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
# Not secrets: production refuses to start with them.
SECRET_KEY = env.str("SECRET_KEY", default="development-only-key-that-production-settings-refuse")
FIELD_ENCRYPTION_KEYS = env.list("FIELD_ENCRYPTION_KEYS", default=["ZGV2ZWxvcG1lbnQtb25seS1rZXktMzItYnl0ZXMhISE="])
