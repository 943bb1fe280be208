"""Django settings of the shop. Everything that differs between installations: environment.py."""

import os
import sys
from pathlib import Path
from secrets import token_urlsafe

from django.core.exceptions import ImproperlyConfigured

from shop_site import environment

BASE_DIR = Path(__file__).resolve().parent.parent

# Facts about this instance.
INSTANCE = os.environ.get("HOLDFAST_INSTANCE", "app")
FOOTER = environment.flag("HOLDFAST_FOOTER", True)
RUN_DIR = Path(os.environ.get("HOLDFAST_RUN_DIR", "/run/app"))

# How long /healthz stays 200 after the last answer of any database. Longer than the longest
# failover measured (31 s): a failover must not take every instance out of service at once,
# where the pages that still work would go with it.
HEALTH_GRACE_SECONDS = environment.number("HOLDFAST_HEALTH_GRACE_SECONDS", 60, least=5)

_key = environment.secret("DJANGO_SECRET_KEY_FILE", "django-secret-key")
# Commands such as migrate and test sign nothing that must last; wsgi.py insists on a shared key.
SECRET_KEY_IS_SHARED = bool(_key)
SECRET_KEY = _key or token_urlsafe(50)

DEBUG = False
ALLOWED_HOSTS = os.environ.get("HOLDFAST_ALLOWED_HOSTS", "*").split(",")

_default = environment.secret("DATABASE_URL_FILE", "database-url")
if not _default:
    raise ImproperlyConfigured(
        "No database: write a libpq URL to /etc/holdfast/secrets/database-url, "
        "or name another file in DATABASE_URL_FILE."
    )
DATABASES = {"default": environment.database(_default, "database-url")}
_replica = environment.secret("REPLICA_URL_FILE", "replica-url")
if not _replica and sys.argv[1:2] == ["test"]:
    _replica = _default  # routing is tested against a mirror, on a connection of its own
if _replica:
    DATABASES["replica"] = {
        **environment.database(_replica, "replica-url"),
        "TEST": {"MIRROR": "default"},
    }
# For the tests of routing: a real replica of the server behind `default`, which they make lag.
if sys.argv[1:2] == ["test"] and (
    _standby := environment.secret("TEST_STANDBY_URL_FILE", "test-standby-url")
):
    DATABASES["standby"] = {
        **environment.database(_standby, "test-standby-url"),
        "TEST": {"MIRROR": "default"},
    }
DATABASE_ROUTERS = ["routing.router.LeaderReplicaRouter"]
ROUTING_AWAY_VIEW = "shop_site.requests.database_away"
# Half of each process's threads: while nobody leads, writes that wait leave the rest to readers.
ROUTING_LEADER_REQUESTS = max(1, environment.number("HOLDFAST_THREADS", 8, least=1) // 2)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_prometheus",
    "routing",
    "shop",
]
MIDDLEWARE = [
    "shop_site.operations.OperationsMiddleware",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "shop_site.requests.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "routing.middleware.RoutingMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
ROOT_URLCONF = "shop_site.urls"
TEST_RUNNER = "shop_site.testing.Runner"
WSGI_APPLICATION = "shop_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTH_USER_MODEL = "shop.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Sessions live in the cookie: a visit writes nothing to the database.
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 365 * 24 * 3600  # a guest's orders stay theirs for a year
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SECURE_REFERRER_POLICY = "same-origin"
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024  # the largest form or JSON body, in bytes

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "traceback": {
            "()": "django.utils.log.CallbackFilter",
            "callback": lambda record: bool(record.exc_info),
        },
    },
    "formatters": {"json": {"()": "shop_site.logs.JsonFormatter"}},
    "handlers": {
        "stdout": {
            "class": "shop_site.logs.Handler",
            "stream": "ext://sys.stdout",
            "formatter": "json",
        },
    },
    "root": {"handlers": ["stdout"], "level": "INFO"},
    "loggers": {
        # Django's own lines go to the same place, once.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # It would add a second line to each answer of 400 and above; tracebacks stay.
        "django.request": {"filters": ["traceback"]},
        "django.server": {"handlers": [], "propagate": True},
    },
}
