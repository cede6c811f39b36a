"""Responses that pages of other sites may frame."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from portraits.views.shares.frameable import frameable


@frameable
def view(request: HttpRequest, *, status: int) -> HttpResponse:
    return HttpResponse(status=status)


def test_any_page_may_frame_it_and_nothing_else_is_allowed_more() -> None:
    answer = view(HttpRequest(), status=404)
    assert answer.status_code == 404
    assert getattr(answer, "xframe_options_exempt", False)
    directives = answer["Content-Security-Policy"].split("; ")
    assert "frame-ancestors *" in directives
    assert "default-src 'none'" in directives
    assert answer["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
