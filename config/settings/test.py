"""The test suite: development settings with cheap password hashes."""

from config.settings.dev import *  # noqa: F403

DEBUG = False
SECRET_KEY = "test-only-key-of-no-value-but-long-enough-to-be-one"  # noqa: S105
AUTO_MIGRATE = False
PASSWORD_HASHERS = [
    "tests.hashers.CheapArgon2Hasher",
    "accounts.authentication.ImportedBcryptHasher",
]
