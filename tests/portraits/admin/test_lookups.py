"""Case 29: a list answers the lookups that it offers and no other, whatever column they reach."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.contrib.admin import ModelAdmin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse

from portraits.accounts.groups import GROUPS, MODERATOR
from portraits.admin.site import moderation_site
from portraits.models import Portrait, Report, Session, User
from tests.portraits import factories
from tests.portraits.factories import signed_in

LISTS = {str(model._meta.model_name): model_admin for model, model_admin in moderation_site._registry.items()}
LOOKUPS = (
    "", "exact", "iexact", "contains", "icontains", "startswith", "istartswith", "endswith", "iendswith", "regex",
    "iregex", "gt", "gte", "lt", "lte", "in", "range", "isnull", "isempty", "year", "date", "date__gte", "length",
)  # fmt: skip
OFFERED = {
    "auditentry": {"action", "action__isnull", "created_at__gte", "created_at__lt"},
    "charge": {"state__exact", "state__isnull", "changed_at__gte", "changed_at__lt"},
    "pendingdeletion": set[str](),
    "portrait": {"moderation__exact", "moderation__isnull", "created_at__gte", "created_at__lt", "owner__id__exact"},
    "render": {
        "state__exact", "state__isnull", "kind__exact", "kind__isnull", "engine", "engine__isnull", "source__exact",
        "source__isnull", "error_code", "error_code__isnull", "created_at__gte", "created_at__lt",
    },
    "report": {"state", "reason__exact", "reason__isnull"},
    "session": {
        "renders__state__exact", "renders__state__isnull", "renders__kind__exact", "renders__kind__isnull",
        "renders__engine", "renders__engine__isnull",
        "created_at__gte", "created_at__lt",
    },
    "sharelink": {
        "created_at__gte", "created_at__lt", "revoked_at__gte", "revoked_at__lt", "revoked_at__isnull",
    },
    "upload": {"stored__exact", "stored__isnull", "created_at__gte", "created_at__lt"},
    "user": {
        "is_active__exact", "is_active__isnull", "is_staff__exact", "is_staff__isnull", "groups__id__exact",
        "groups__isnull", "date_joined__gte", "date_joined__lt", "guest_until__isempty",
    },
}  # fmt: skip
"""List kept by hand: a lookup that a change would offer is looked at before it is let in."""


def paths(model: type[Model], hops: int, before: str = "") -> Iterator[str]:
    """Every column that a lookup can reach over so many relations, both ways."""
    for field in model._meta.get_fields():
        name = before + field.name
        yield name
        if field.is_relation and field.related_model is not None and hops:
            yield from paths(field.related_model, hops - 1, f"{name}__")  # type: ignore[arg-type]
    yield f"{before}pk"


def lookups(model: type[Model], hops: int, kinds: tuple[str, ...] = LOOKUPS) -> set[str]:
    return {path + (f"__{kind}" if kind else "") for path in paths(model, hops) for kind in kinds}


@pytest.fixture
def superuser(db: None) -> User:
    return factories.user("root", is_staff=True, is_superuser=True)


def answered(model_admin: ModelAdmin[Any], by: User, wanted: set[str]) -> set[str]:
    """Those that the list does not refuse."""
    found = set()
    for lookup in wanted:
        request = RequestFactory().get("/", {lookup: "1"})
        request.user = by
        try:
            with suppress(IncorrectLookupParameters):  # its value is wrong, the lookup was taken
                model_admin.get_changelist_instance(request)
            found.add(lookup)
        except DisallowedModelAdminLookup:
            continue
    return found


@pytest.mark.parametrize("name", sorted(LISTS))
def test_case_29_a_list_answers_what_it_offers_and_nothing_else(name: str, superuser: User) -> None:
    """All lookups within one relation and some within two: thousands a list."""
    model = LISTS[name].model
    generated = lookups(model, 1) | lookups(model, 2, ("", "startswith", "isnull"))
    generated |= {"nothing", "nothing__startswith", "id__", "__", "pk__startswith"}
    assert generated > OFFERED[name] - {"state"}
    assert answered(LISTS[name], superuser, generated) <= OFFERED[name]
    assert answered(LISTS[name], superuser, OFFERED[name]) == OFFERED[name]


@pytest.mark.parametrize("name", sorted(LISTS))
def test_case_29_no_relation_leads_further(name: str, superuser: User) -> None:
    """Lookups within three relations: asked of the one function that decides."""
    request = RequestFactory().get("/")
    request.user = superuser
    offered = LISTS[name].offered_lookups(request)  # type: ignore[attr-defined]
    assert lookups(LISTS[name].model, 3) & offered <= OFFERED[name]
    assert offered == OFFERED[name]


SECRETS = ("password__startswith", "browser_sessions__session_key__startswith", "browser_sessions__isnull",
           "email__startswith", "is_superuser__exact", "last_login__gte", "emailaddress__email__contains")  # fmt: skip


@pytest.mark.parametrize("who", sorted(GROUPS))
@pytest.mark.parametrize("lookup", SECRETS)
def test_case_29_nobody_in_the_admin_spells_out_a_secret(db: None, who: str, lookup: str) -> None:
    """Neither by the list of people nor over a relation, and not in company of a lookup that is offered."""
    person = factories.user("asks", is_staff=True)
    person.groups.add(Group.objects.get(name=who))
    client = signed_in(person)
    for query in (
        f"user/?{lookup}=a",
        f"user/?is_active__exact=1&{lookup}=a",
        f"user/?_facets=True&{lookup}=a",
        f"user/?q=a&o=1&all=&{lookup}=a",
        f"user/?_popup=1&{lookup}=a",
        f"user/?e=1&{lookup}=a",
        f"portrait/?owner__{lookup}=a",
        f"session/?portrait__owner__{lookup}=a",
        f"report/?closed_by__{lookup}=a",
        f"auditentry/?actor__{lookup}=a",
        f"sharelink/?portrait__owner__{lookup}=a",
    ):
        assert client.get(f"/admin/portraits/{query}").status_code == 400, query
        assert client.post(f"/admin/portraits/{query}", {"action": "ban"}).status_code == 400, query


@pytest.mark.parametrize("column", ["id", "email", "password", "pk", "browser_sessions", "nothing"])
@pytest.mark.parametrize("page", ["user/", "user/{}/change/", "user/{}/delete/"])
def test_case_29_nothing_is_named_by_another_column(as_moderator: Client, owner: User, page: str, column: str) -> None:
    answer = as_moderator.get(f"/admin/portraits/{page.format(owner.pk)}", {"_to_field": column, "_popup": "1"})
    assert answer.status_code == 400


@pytest.mark.parametrize("model", ["portrait", "session", "report", "upload", "browsersession"])
def test_case_29_nothing_is_completed_while_typing(as_moderator: Client, model: str) -> None:
    for field in ("owner", "portrait", "user", "closed_by"):
        asked = {"app_label": "portraits", "model_name": model, "field_name": field, "term": ""}
        assert as_moderator.get("/admin/autocomplete/", asked).status_code == 403


@pytest.mark.parametrize("name", sorted(LISTS))
def test_case_29_a_list_is_sorted_by_what_it_shows(name: str, superuser: User) -> None:
    model_admin = LISTS[name]
    own = {"-pk", "pk", *model_admin.model._meta.ordering, *map(str, model_admin.ordering or ())}
    for column in range(-2, 30):
        request = RequestFactory().get("/", {"o": f"{column}.-{column}"})
        request.user = superuser
        changelist = model_admin.get_changelist_instance(request)
        chosen = {str(each) for each in changelist.get_ordering(request, model_admin.get_queryset(request))} - own
        shown = {str(changelist.get_ordering_field(each)) for each in changelist.list_display}
        assert {each.lstrip("-") for each in chosen} <= shown


def links(text: str) -> list[str]:
    """Every link to a list with parameters."""
    return [unescape(found) for found in re.findall(r'href="((?:/admin/[^"]*)?\?[^"]*)"', text)]


def test_every_link_that_the_admin_prints_is_answered(
    as_moderator: Client, moderator: User, portrait: Portrait, rendering: Session
) -> None:
    Report.objects.create(portrait=portrait, reason=Report.Reason.ABUSE)
    lists = [reverse(f"admin:portraits_{model}_changelist") for model in MODERATOR]
    pages = ["/admin/", f"/admin/portraits/user/{portrait.owner_id}/change/", *lists]
    asked, opened = set[tuple[str, frozenset[str]]](), set[str]()
    for page in pages:
        text = as_moderator.get(page, {"_facets": "True"} if page in lists else {}).content.decode()
        for target in links(text):
            names = frozenset(name for name, _ in parse_qsl(urlsplit(target).query))
            if (page, names) not in asked:
                asked.add((page, names))
                opened.add(page + target if target.startswith("?") else target)
    assert {target: as_moderator.get(target).status_code for target in opened} == dict.fromkeys(opened, 200)
    assert {"owner__id__exact", "renders__state__exact", "state"} <= {name for _, names in asked for name in names}
