"""Settings that every environment shares. Only this package reads the environment."""

from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

from config.settings.databases import (
    administrator_database,
    application_database,
    embedded_database,
    owner_database,
    replica_databases,
)
from config.settings.environment import PACKAGE_PARENT, PROJECT_DIR, env

BASE_DIR = PROJECT_DIR

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    # First of ours: it extends Django's own `migrate` and `makemigrations`.
    "ops",
    "risk",
    "liquidity",
    "trading",
    "accounts",
    "audit",
    "config.backoffice",
    "config.database",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "psqlextra",
    "pgtrigger",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "audit.middleware.AuditContextMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

# Databases ---------------------------------------------------------------------------------------

EMBEDDED_DATABASE = embedded_database()
DATABASES = {"default": application_database(EMBEDDED_DATABASE)}
#: What `migrate` and other schema changes log in with (MIGRATE_DATABASE_URL).
OWNER_DATABASE = owner_database(DATABASES["default"])
#: What `restore_db` ends sessions with, and `pitr` streams with (ADMIN_DATABASE_URL); None where nobody is named.
ADMIN_DATABASE = administrator_database(DATABASES["default"])
#: Where one stands who makes, renames or drops databases.
MAINTENANCE_DATABASE = env.str("MAINTENANCE_DATABASE", default="postgres")
#: Whose programs to prefer (pg_dump, postgres, …); None: those that are found.
POSTGRES_BIN_DIR = Path(env.str("POSTGRES_BIN_DIR", default="")) if env.str("POSTGRES_BIN_DIR", default="") else None
DATABASES |= replica_databases(DATABASES["default"])
DATABASE_ROUTERS = ["config.database.router.ReplicaRouter"]
#: The server's connection pool; a command uses one plain connection.
DATABASE_POOL = {
    "min_size": env.int("DB_POOL_MIN_SIZE", default=5),
    "max_size": env.int("DB_POOL_MAX_SIZE", default=25),
    "timeout": env.float("DB_POOL_TIMEOUT", default=10.0),
}
if DATABASE_POOL["min_size"] > DATABASE_POOL["max_size"]:
    raise ImproperlyConfigured("DB_POOL_MIN_SIZE is larger than DB_POOL_MAX_SIZE: lower the one or raise the other.")
#: A session of the server is shared by many clients, transaction by transaction (PgBouncer's pool_mode).
DATABASE_TRANSACTION_POOLING = env.boolean("DB_TRANSACTION_POOLING", default=False)
AUTO_MIGRATE = env.boolean("AUTO_MIGRATE", default=False)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
POSTGRES_EXTRA_AUTO_EXTENSION_SET_UP = False
# The ignore switch of pgtrigger is a session setting that any SQL client could set; ours are compiled
# without it (config.database.triggers), so its helper function is not installed either.
PGTRIGGER_INSTALL_ON_MIGRATE = False

# People ------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.authentication.RoleBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    # Hashes that other systems made; they are replaced by Argon2id at the next log-in.
    "accounts.authentication.ImportedBcryptHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"
# The form does not say where to go on to when it was opened by itself, as after logging out.
LOGIN_REDIRECT_URL = "admin:index"
#: Gives the value of the variable that a command's option names (`--password-env`).
READ_SECRET = env.secret
# The user name is unique among users that are not deleted, in any case: an index that the check cannot see.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]

# Files -------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(PROJECT_DIR / "staticfiles")))
ARCHIVE_DIR = Path(env.str("ARCHIVE_DIR", default=str(PROJECT_DIR / "archive")))
BACKUP_DIR = Path(env.str("BACKUP_DIR", default=str(PROJECT_DIR / "backups")))
#: Public keys (age1…) that backups are encrypted for; none: they are not encrypted.
BACKUP_RECIPIENTS = env.list("BACKUP_RECIPIENTS", default=[])
#: The file with the private key (AGE-SECRET-KEY-…), which reading an encrypted backup takes.
BACKUP_IDENTITY_FILE = env.str("BACKUP_IDENTITY_FILE", default="")
#: Signs the manifest of a backup, so that nobody without it can make or change one.
BACKUP_SIGNING_KEY = env.str("BACKUP_SIGNING_KEY", default="")
#: Where seal_audit exports the chain's head to, out of the database's reach: a file, or an https:// address.
AUDIT_ANCHOR = env.str("AUDIT_ANCHOR", default="")
#: PEM files of the Ed25519 key that signs it, and of its public half, which verifies it.
AUDIT_SIGNING_KEY_FILE = env.str("AUDIT_SIGNING_KEY_FILE", default="")
AUDIT_PUBLIC_KEY_FILE = env.str("AUDIT_PUBLIC_KEY_FILE", default="")
SOURCE_DIR = PACKAGE_PARENT
#: What the migrations give, as check_schema has found it; it may be removed at any time.
SCHEMA_REFERENCE_DIR = Path(env.str("SCHEMA_REFERENCE_DIR", default=str(PROJECT_DIR / ".cache" / "schema")))
#: The commit that runs, for installations without a checkout; `migrate` writes it down.
CODE_REVISION = env.str("CODE_REVISION", default="")

# Language and time: stored in UTC, to the microsecond ---------------------------------------------

LANGUAGE_CODE = "en-gb"
FORMAT_MODULE_PATH = "config.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

UNFOLD = {
    "SITE_TITLE": "Trading database",
    "SITE_HEADER": "Trading database",
    "SITE_SUBHEADER": "System of record",
    "SITE_SYMBOL": "account_balance",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("backoffice/favicon.svg")}
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SIDEBAR": {"show_search": True, "show_all_applications": False},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.log_level("LOG_LEVEL", default="WARNING")},
}
