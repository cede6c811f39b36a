"""A small Django site behind both caps, on Daphne; its pages say what they got. Run with PORT and SECONDS."""

from __future__ import annotations

import sys
from typing import Any

import django
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from gazesite.body_cap import BodyCap, BodyLimits, Scope

LIMITS = BodyLimits(uploads={"/upload": 3 << 20})


def echo(request: HttpRequest) -> HttpResponse:
    files = [file for name in request.FILES for file in request.FILES.getlist(name)]
    return JsonResponse({"fields": len(request.POST), "bytes": sum(file.size or 0 for file in files)})


urlpatterns = [path("upload", echo), path("other", echo)]


async def may_upload(scope: Scope) -> bool:
    return any(name == b"cookie" and b"sessionid=valid" in value for name, value in scope["headers"])


def application() -> Any:
    settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        SECRET_KEY="of a test",
        DATA_UPLOAD_MAX_NUMBER_FIELDS=50,
        DATA_UPLOAD_MAX_NUMBER_FILES=1,
        LOGGING_CONFIG=None,
    )
    django.setup(set_prefix=False)
    return BodyCap(ASGIHandler(), LIMITS, may_upload=may_upload, sign_in="/sign-in/")


if __name__ == "__main__":
    from gazesite.early_cap import CappedServer

    CappedServer(
        application(),
        endpoints=[f"tcp:port={sys.argv[1]}:interface=127.0.0.1"],
        signal_handlers=False,
        limits=LIMITS,
        session_cookie="sessionid",
        overall_seconds=float(sys.argv[2]),
        ready_callable=lambda: print("ready", flush=True),  # noqa: T201
    ).run()
