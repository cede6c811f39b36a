"""Django settings from the environment. With none set, this is the embedded site: one process tree, no services.

deploy/SETTINGS.md lists what can be set.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from gazesite.environment import Environment
from gazesite.observability import logs, sentry
from gazesite.server.listening import http_address, http_addresses
from gazesite.service_address import bracketed

env = Environment()
TOKEN, TOKEN_IS = r"[!-~]+", "one word of ASCII, without spaces"
IDENTITY = r"[A-Za-z0-9_-]+"

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("GAZE_DATA", str(BASE_DIR / "var")))
REDIS_URL = env.redis("REDIS_URL")
"""Queue, sockets' messages and counters between processes; without it the site is one process tree."""

# A folder for each process, because each empties its own at start. `manage.py work` names those of its processes.
SCRATCH_DIR = (
    DATA_DIR
    / "scratch"
    / env.matching("SCRATCH_NAME", "web" if REDIS_URL else "", r"[A-Za-z0-9-]+", "of letters, digits and -")
)
"""Uploads on their way in, renders on their way out."""
# On import, because Django's own checks of every command want FILE_UPLOAD_TEMP_DIR, and SQLite its folder.
SCRATCH_DIR.mkdir(parents=True, exist_ok=True)

PORT = env.whole_number("PORT", 3000, 1, 65535)
HOST = env.host("HOST", "127.0.0.1")
OWN_ADDRESSES = [] if env.has("SITE_URL") else http_addresses(HOST, PORT)
"""Addresses of a site without SITE_URL: first the one for this machine, last the one for the farthest clients."""
SITE_URL = env.address("SITE_URL", "".join(OWN_ADDRESSES[-1:]), ("https", "http"))
"""The address at which people reach the site: for links in mail, share links and the origins of sockets."""

SECURE = SITE_URL.startswith("https://")
DEBUG = env.switch("DEBUG", False)
"""Error pages with source code and settings, templates that are read for each request: for development alone."""
if DEBUG and (SECURE or REDIS_URL):
    raise ImproperlyConfigured("DEBUG shows source code and settings; it is refused with https or REDIS_URL.")

TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
"""Networks whose X-Forwarded-For and X-Forwarded-Proto are believed; `*` is every peer."""
CLIENT_ADDRESS_HEADER = env.matching("CLIENT_ADDRESS_HEADER", "", r"[A-Za-z0-9-]+", "the name of a header")
"""Header in which such a proxy names only its client, where its X-Forwarded-For does not end with it."""

CONNECTIONS = env.whole_number("CONNECTIONS", 5000, 16, 100_000)
"""Most connections at a time; never more than a fifth of the files that the process may open."""
CONNECTIONS_PER_ADDRESS = env.whole_number("CONNECTIONS_PER_ADDRESS", 1500, 4, 100_000)
"""Most connections of one address, and requests of one client, at a time; never more than half of CONNECTIONS."""


def _secret_key() -> str:
    """SECRET_KEY, else one of this machine's own, made once and readable by its owner only.

    It is kept on import: Django reads the setting as a plain value, in whatever command comes first.
    """
    if REDIS_URL:  # several machines must agree
        return env.required("SECRET_KEY", "where REDIS_URL is")
    given = env.text("SECRET_KEY")
    if given:
        return given
    kept = DATA_DIR / "secret_key"
    if not kept.exists():
        _keep_new_key(kept)
    return kept.read_text()


def _keep_new_key(kept: Path) -> None:
    """Whole or not at all, and the first one stays: a full disk must not leave half a key, nor two processes two."""
    with NamedTemporaryFile("w", dir=kept.parent, prefix=".secret_key-") as file:  # of mode 0600
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(file.name, kept)


SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
"""Earlier keys: what they signed stays valid, and share links that are derived from them can still be shown."""

_origin_host = urlsplit(SITE_URL).hostname or HOST
_hosts = {bracketed(str(urlsplit(address).hostname)) for address in (SITE_URL, *OWN_ADDRESSES)}
_allowed = env.hosts("ALLOWED_HOSTS", [*_hosts, "127.0.0.1", "localhost"])
ALLOWED_HOSTS = sorted({*_allowed, bracketed(_origin_host)})
CSRF_TRUSTED_ORIGINS = [SITE_URL]
_local = [] if SECURE else [http_address(host, PORT) for host in ("127.0.0.1", "localhost")]
ALLOWED_ORIGINS = sorted({SITE_URL, *OWN_ADDRESSES, *_local})
"""Origins of pages that may open sockets."""

INSTALLED_APPS = [
    "gazesite",  # before daphne, whose runserver it replaces
    "daphne",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "channels",
    "csp",
    "portraits",
]

MIDDLEWARE = [
    "gazesite.observability.request_context.fill_request_context",
    "gazesite.middleware.cache_control.forbid_storing",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "gazesite.middleware.guest_user.GuestMiddleware",
    "gazesite.middleware.login_required.PublicViewsLoginMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "gazesite.urls"
ASGI_APPLICATION = "gazesite.asgi.application"

_LOADERS = ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": _LOADERS if DEBUG else [("django.template.loaders.cached.Loader", _LOADERS)],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

_SQLITE_OPTIONS = {
    "timeout": 20,
    # A reader that starts to write would otherwise fail at once when another has written.
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}


def _database() -> dict[str, Any]:
    """SQLite in the data folder, or what DATABASE_URL names: PostgreSQL with a pool, because every request has
    a thread of its own and a connection is dear."""
    given = env.database("DATABASE_URL") or {"ENGINE": "django.db.backends.sqlite3"}
    if given["ENGINE"] == "django.db.backends.sqlite3":
        return {"NAME": DATA_DIR / "gazesite.sqlite3", **given, "OPTIONS": _SQLITE_OPTIONS}
    size = env.whole_number("DATABASE_POOL", 10, 2, 100)
    pool = {"min_size": 1, "max_size": size, "timeout": 10}
    options = {"connect_timeout": 5, **given.get("OPTIONS", {}), "pool": pool}
    return {**given, "OPTIONS": options, "CONN_HEALTH_CHECKS": True}


DATABASES: dict[str, Any] = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The layer waits five seconds for a message before it asks Redis again; Redis' client by itself gives up after as long.
REDIS_HOST = {"address": REDIS_URL, "socket_connect_timeout": 2, "socket_timeout": 15}
_CHANNELS = {
    "BACKEND": "channels_redis.core.RedisChannelLayer",
    "CONFIG": {"hosts": [REDIS_HOST], "prefix": "gaze", "capacity": 100},
}
CHANNEL_LAYERS: dict[str, Any] = {
    "default": _CHANNELS if REDIS_URL else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}

# --- files

BUCKET_NAME = env.matching(
    "BUCKET_NAME", "", r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "the name of a bucket, not its address"
)
AWS_ENDPOINT_URL_S3 = env.address("AWS_ENDPOINT_URL_S3", "", ("https", "http"))
AWS_REGION = env.matching("AWS_REGION", "auto", r"[a-z0-9-]+", "the name of a region, such as eu-central-1")
MEDIA_REDIRECTS = env.switch("MEDIA_REDIRECTS", False) and bool(BUCKET_NAME)
"""Owners get sheets from the bucket, by addresses signed for a minute; it must then allow the site's origin."""
MEDIA_ORIGIN = AWS_ENDPOINT_URL_S3 or f"https://{BUCKET_NAME}.s3.{AWS_REGION}.amazonaws.com"


def _private_files() -> dict[str, Any]:
    if not BUCKET_NAME:
        return {"BACKEND": "portraits.files.storage.PrivateFiles", "OPTIONS": {"location": DATA_DIR / "files"}}
    options = {
        "bucket_name": BUCKET_NAME,
        "endpoint_url": AWS_ENDPOINT_URL_S3 or None,
        "region_name": AWS_REGION,
        "access_key": env.required("AWS_ACCESS_KEY_ID", "where BUCKET_NAME is"),
        "secret_key": env.required("AWS_SECRET_ACCESS_KEY", "where BUCKET_NAME is"),
    }
    return {"BACKEND": "portraits.files.s3.Bucket", "OPTIONS": options}


STORAGES: dict[str, Any] = {
    "default": _private_files(),
    "private": _private_files(),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]

# --- accounts

AUTH_USER_MODEL = "portraits.User"
SESSION_ENGINE = "portraits.accounts.session_store"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
EMAIL_CONFIG = env.mail("EMAIL_URL", "consolemail://")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10
HAS_MAIL = env.has("EMAIL_URL")
DEFAULT_FROM_EMAIL = env.matching(
    "DEFAULT_FROM_EMAIL", f"gazesite@{_origin_host}", r"[^@]+@[^@\s]+", "an address such as gaze@example.org"
)

ACCOUNT_ADAPTER = "portraits.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "portraits.accounts.forms.LoginForm",
    "signup": "portraits.accounts.forms.SignupForm",
    "add_email": "portraits.accounts.forms.AddEmailForm",
    "change_password": "portraits.accounts.forms.ChangePasswordForm",
    "set_password": "portraits.accounts.forms.SetPasswordForm",
    "reset_password": "portraits.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "portraits.accounts.forms.ResetPasswordKeyForm",
    "reauthenticate": "portraits.accounts.forms.ReauthenticateForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if HAS_MAIL else "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SECURE else "http"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = HAS_MAIL
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_PREVENT_ENUMERATION = True
# More than allauth's own: the link that `make run` prints, and the password that deletes an account.
ACCOUNT_RATE_LIMITS = {
    "one_time_sign_in": "20/m/ip",
    "delete_account": "5/m/user",
    # Wrong passwords, with keys of portraits.accounts.login_limits.
    "login_failed": "10/m/ip,5/5m/key,30/d/key",
    "login_failed_customer": "60/d/key",
    "login_failed_first": "1/d/key",
    "login_failed_known": "10/5m/key",
    "login_failed_all_known": "100/d/key",
    "login_failed_anywhere": "1000/d/key",
    # Strangers who ask for a user's message must not keep the user from it: it is sent less often instead.
    "reset_password": "20/m/ip",
    "reset_password_message": "5/h/key",
}
PASSWORD_RESET_TIMEOUT = 24 * 3600
LOGIN_REDIRECT_URL = "home"
LOGIN_URL = "account_login"

# --- uploads

GUESTS = env.switch("GUESTS", True)
"""Whether people without an account may make portraits, private to their browser and deleted after a day."""
GUEST_UPLOADS_PER_ADDRESS = env.whole_number("GUEST_UPLOADS_PER_ADDRESS", 0, 0, 1_000_000)
"""Photos of guests from one address within 24 hours; what is more is refused. 0 is no limit."""
OPEN_UPLOADS_PER_ADDRESS = env.whole_number("OPEN_UPLOADS_PER_ADDRESS", 32, 1, 10_000)
"""Most uploads on their way or being examined."""
SPOOL_MEGABYTES = env.whole_number("SPOOL_MEGABYTES", 512, 32, 100_000)
"""Most megabytes of all bodies of requests together; Django copies an upload once more."""
FILE_UPLOAD_TEMP_DIR = str(SCRATCH_DIR)
FILE_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "portraits.uploads.upload_handler.FixedNameUploadHandler",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 50
DATA_UPLOAD_MAX_NUMBER_FILES = 1

# --- security headers and cookies

SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
# gazesite.middleware.proxy_headers takes the header away from everybody but a trusted proxy.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = False
# The preload list is for ever and for every subdomain: its operator's decision, not ours.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
KNOWN_BROWSER_COOKIE_NAME = "__Host-known" if SECURE else "known"
LINK_COOKIE_NAME = "__Secure-link" if SECURE else "link"
"""Cookie for the paths of one share link, of which the visitor has typed the password."""
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
_MEDIA = [MEDIA_ORIGIN] if MEDIA_REDIRECTS else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "blob:", "data:", *_MEDIA],
        "connect-src": [SELF, *_MEDIA],
        "font-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    },
}

# --- renders

UPLOADS_PER_ADDRESS = env.whole_number("UPLOADS_PER_ADDRESS", 0, 0, 1_000_000)
"""Photos from one address within an hour; what is more is refused. 0 is no limit."""
RENDERS_PER_PERSON = env.whole_number("RENDERS_PER_PERSON", 0, 0, 100_000)
SHEETS = env.choice("SHEETS", "always", ("always", "on-request"))
"""The time at which sheets are made: after each first pass (`always`) or at the first request (`on-request`)."""
GPU_RENDERS_PER_DAY = env.whole_number("GPU_RENDERS_PER_DAY", 0, 0, 1_000_000)
"""Most renders in any 24 hours; further ones wait. 0 is no limit."""
WORK_PROCESSES = env.whole_number("WORK_PROCESSES", 1, 1, 64)
WORK_GRACE = env.number("WORK_GRACE", 20, 0, 280)
"""Seconds that renders get to end when their process is told to; then others take them up."""

GPU_SOURCE = env.choice("GPU_SOURCE", "none", ("none", "url", "runpod-pod", "runpod-serverless"))
"""Source of the GPU that renders the second, refined pass."""
GPU_ENGINE = env.text("GPU_ENGINE", "liveportrait")
GUEST_GPU = env.switch("GUEST_GPU", False)
"""Whether guests' portraits get a refined pass as well."""
GPU_AT_ONCE = env.whole_number("GPU_AT_ONCE", 1, 1, 64)
GPU_WARM = env.switch("GPU_WARM", GPU_SOURCE == "runpod-pod")
GPU_DAILY_BUDGET = env.number("GPU_DAILY_BUDGET", 5, 0, 10_000)
GPU_IDLE_SECONDS = env.number("GPU_IDLE_SECONDS", 600, 30, 86_400)
GPU_WORKER_URL = env.address("GPU_WORKER_URL", "", ("https", "http"), path=True)
GPU_WORKER_TOKEN = env.matching("GPU_WORKER_TOKEN", "", TOKEN, TOKEN_IS)
RUNPOD_API_KEY = env.matching("RUNPOD_API_KEY", "", TOKEN, TOKEN_IS)
RUNPOD_IMAGE = env.matching("RUNPOD_IMAGE", "", r"(?!\w+://)[!-~]+", "an image's name, such as ghcr.io/you/worker:1")
RUNPOD_POD_PREFIX = env.matching("RUNPOD_POD_PREFIX", "gaze-", IDENTITY, "of letters, digits, - and _")
RUNPOD_GPUS = env.words("RUNPOD_GPUS")
RUNPOD_DATA_CENTRES = env.words("RUNPOD_DATA_CENTRES")
RUNPOD_VOLUME = env.matching("RUNPOD_VOLUME", "", IDENTITY, "the id of a network volume")
RUNPOD_ENDPOINT = env.matching("RUNPOD_ENDPOINT", "", IDENTITY, "the id of an endpoint, not its address")
RUNPOD_REST_URL = env.address("RUNPOD_REST_URL", "", ("https", "http"), path=True)
RUNPOD_SERVERLESS_URL = env.address("RUNPOD_SERVERLESS_URL", "", ("https", "http"), path=True)
RUNPOD_PROXY_URL = env.address("RUNPOD_PROXY_URL", "", ("https", "http"), path=True, within="{id}")
"""Addresses of a fake provider; {id} is the pod's id."""
if GPU_SOURCE == "url":
    env.required("GPU_WORKER_URL", "where GPU_SOURCE is url")
    env.required("GPU_WORKER_TOKEN", "where GPU_SOURCE is url")
if GPU_SOURCE.startswith("runpod"):
    env.required("RUNPOD_API_KEY", f"where GPU_SOURCE is {GPU_SOURCE}")
    # They cost money by the second: a key of this machine's own could be lost with it.
    env.required("SECRET_KEY", f"where GPU_SOURCE is {GPU_SOURCE}")
if GPU_SOURCE == "runpod-pod":
    env.required("RUNPOD_IMAGE", "where GPU_SOURCE is runpod-pod")
if GPU_SOURCE == "runpod-serverless":
    env.required("RUNPOD_ENDPOINT", "where GPU_SOURCE is runpod-serverless")

# --- language, cache, messages

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
FORMAT_MODULE_PATH = ["gazesite.formats"]
# Counters of clients that try too much live here; the default of 300 would soon push them out.
_OWN_MEMORY = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 100_000}}
CACHES = {
    "default": {"BACKEND": "gazesite.fallback_cache.FallbackCache", "LOCATION": REDIS_URL} if REDIS_URL else _OWN_MEMORY
}
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- observability

LOG_FORMAT = env.choice("LOG_FORMAT", "human", logs.FORMATS)
LOGGING = logs.configuration(LOG_FORMAT)
METRICS_TOKEN = env.matching("METRICS_TOKEN", "", TOKEN, TOKEN_IS)
"""Token that a reader of /metrics must send; without one, only this machine itself may read them."""
METRICS_PORT = env.whole_number("METRICS_PORT", 0, 0, 65535)
"""Port of their own for the metrics, without authentication; 0 is none."""
METRICS_HOST = env.host("METRICS_HOST", "127.0.0.1")
SENTRY_DSN = env.text("SENTRY_DSN")
if SENTRY_DSN:
    sentry.start(SENTRY_DSN, environment=_origin_host, release=f"gazesite@{version('gazesite')}")
