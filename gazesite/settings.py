"""The environment → Django. Nothing set is the embedded site: one process tree, nothing to install or start."""

from __future__ import annotations

import secrets
from importlib.metadata import version
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from gazesite import logs, sentry

env = environ.FileAwareEnv()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.str("GAZE_DATA", default=str(BASE_DIR / "var")))
SCRATCH_DIR = DATA_DIR / "scratch"
"""Uploads on their way in, renders on their way out; emptied at start."""
SCRATCH_DIR.mkdir(parents=True, exist_ok=True)

PORT = env.int("PORT", default=3000)
HOST = env.str("HOST", default="127.0.0.1")
SITE_URL = env.str("SITE_URL", default=f"http://{HOST}:{PORT}").rstrip("/")
"""How people reach the site: links in mail, share links, and where sockets may come from."""

SECURE = SITE_URL.startswith("https://")
DEBUG = False


def _secret_key() -> str:
    """SECRET_KEY, else one of this machine's own, made once and readable by its owner only."""
    given: str = env.str("SECRET_KEY", default="")
    if given:
        return given
    kept = DATA_DIR / "secret_key"
    if not kept.exists():
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(48))
    return kept.read_text()


SECRET_KEY = _secret_key()

_origin_host = SITE_URL.split("://", 1)[-1].split(":")[0]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=sorted({_origin_host, "127.0.0.1", "localhost"}))
CSRF_TRUSTED_ORIGINS = [SITE_URL]
ALLOWED_ORIGINS = sorted({SITE_URL, *([] if SECURE else [f"http://127.0.0.1:{PORT}", f"http://localhost:{PORT}"])})
"""Pages that may open sockets."""

INSTALLED_APPS = [
    "daphne",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "channels",
    "csp",
    "portraits",
    "gazesite",
]

MIDDLEWARE = [
    "gazesite.request_facts.note_facts",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "gazesite.login_wall.LoginWall",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "gazesite.urls"
ASGI_APPLICATION = "gazesite.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
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

DATABASES: dict[str, Any] = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "gazesite.sqlite3",
        "OPTIONS": {
            "timeout": 20,
            # A reader that starts to write would otherwise fail at once when somebody else has written.
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "portraits.storage.PrivateFiles", "OPTIONS": {"location": DATA_DIR / "files"}},
    "private": {"BACKEND": "portraits.storage.PrivateFiles", "OPTIONS": {"location": DATA_DIR / "files"}},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]

# --- accounts

AUTH_USER_MODEL = "portraits.User"
SESSION_ENGINE = "portraits.browser_sessions"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
EMAIL_CONFIG = env.email("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
HAS_MAIL = "EMAIL_URL" in env.ENVIRON
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"gazesite@{_origin_host}")

ACCOUNT_ADAPTER = "portraits.accounts.Accounts"
ACCOUNT_FORMS = {
    "login": "portraits.account_forms.SignIn",
    "signup": "portraits.account_forms.SignUp",
    "add_email": "portraits.account_forms.NewAddress",
    "change_password": "portraits.account_forms.NewPassword",
    "set_password": "portraits.account_forms.FirstPassword",
    "reset_password": "portraits.account_forms.ForgottenPassword",
    "reset_password_from_key": "portraits.account_forms.ResetPassword",
    "reauthenticate": "portraits.account_forms.ItIsMe",
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
# More than allauth's own: the link that `make run` prints, and the password that deletes an account.
ACCOUNT_RATE_LIMITS = {"one_time_sign_in": "20/m/ip", "delete_account": "5/m/user"}
PASSWORD_RESET_TIMEOUT = 24 * 3600
LOGIN_REDIRECT_URL = "home"
LOGIN_URL = "account_login"

# --- uploads

UPLOAD_LIMIT = 25 * 1024 * 1024
FILE_UPLOAD_TEMP_DIR = str(SCRATCH_DIR)
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "portraits.spooling.NamelessFile",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 50
DATA_UPLOAD_MAX_NUMBER_FILES = 1

# --- what browsers are told

SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = False
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "blob:", "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    },
}

# --- the rest

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        # Counters of whoever tries too much live here; the default of 300 would soon push them out.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
}
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- watching it

LOG_FORMAT = env.str("LOG_FORMAT", default="human")
if LOG_FORMAT not in logs.FORMATS:
    raise ImproperlyConfigured(f"LOG_FORMAT must be one of {', '.join(logs.FORMATS)}.")
LOGGING = logs.configuration(LOG_FORMAT)
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
METRICS_PORT = env.int("METRICS_PORT", default=0)
METRICS_HOST = env.str("METRICS_HOST", default="127.0.0.1")
SENTRY_DSN = env.str("SENTRY_DSN", default="")
if SENTRY_DSN:
    sentry.start(SENTRY_DSN, environment=_origin_host, release=f"gazesite@{version('gazesite')}")
