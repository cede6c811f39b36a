"""Admin and account pages in a real browser, under the site's own policy; screenshots are in build/screens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.site.browser import PATIENCE, photograph
from tests.site.running import RunningSite

PASSWORD = "a long enough password"
MAKE = f"""
from django.contrib.auth.models import Group
from portraits.models import Report, User
from tests.portraits import factories
person = User.objects.create_user("moderator@example.com", "{PASSWORD}", is_staff=True)
person.groups.add(Group.objects.get(name="moderator"))
draw = factories.picture
factories.picture = lambda colour="tan", size=(1200, 1500): draw(colour, size)  # whole frames in sheets of every level
portrait = factories.portrait(User.objects.create_user("owner@example.com", "{PASSWORD}"))
session = factories.session(portrait)
factories.complete(factories.claimed(session))
factories.make_sheets(session)  # the rig of a factory is none that an element can draw
Report.objects.create(portrait=portrait, reason=Report.Reason.CONSENT, text="This is me.")
"""
SIZES = {"desktop": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
MODELS = ("portrait", "session", "report", "user", "auditentry", "render", "sharelink")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    site = RunningSite(tmp_path_factory.mktemp("site") / "data", "--no-demo")
    site.start()
    made = site.manage("shell", "-c", MAKE)
    assert made.returncode == 0, made.stderr
    yield site
    site.kill()


@pytest.fixture(
    params=[
        pytest.param(("desktop", "light"), id="desktop"),
        pytest.param(("phone", "dark"), id="phone"),
    ]
)
def page(request: pytest.FixtureRequest, browser: Browser, site: RunningSite) -> Iterator[Page]:
    """Complaints in its console fail the test: a refused style or script is said there."""
    size, scheme = request.param
    context = browser.new_context(base_url=site.address, viewport=SIZES[size], color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(PATIENCE / 4)
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert [said for said in complaints if "Transition was" not in said] == []


def enter(page: Page, wanted: str, who: str) -> None:
    page.goto(wanted)
    page.get_by_label("E-mail address").fill(f"{who}@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**{wanted}")


def keep(page: Page, name: str) -> None:
    width = page.viewport_size["width"] if page.viewport_size else 0
    photograph(page, f"{name}-{width}")


def test_a_moderator_works_through_the_queue(page: Page) -> None:
    enter(page, "/admin/", "moderator")
    for model in MODELS:
        page.goto(f"/admin/portraits/{model}/", wait_until="networkidle")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        keep(page, f"admin-{model}")
    page.goto("/admin/portraits/portrait/")
    page.get_by_role("link", name="Look at Eileen").click()
    page.wait_for_function("() => document.querySelector('gaze-tracker')?.ready")
    keep(page, "admin-live")
    page.get_by_role("link", name="Eileen", exact=True).click()
    page.wait_for_url("**/change/")
    action = "Hide…" if page.get_by_role("button", name="Hide…").count() else "Restore…"
    page.get_by_role("button", name=action).click()
    page.get_by_label("Reason").fill("It was reported by the person in it.")
    keep(page, "admin-reason")
    page.get_by_role("button", name=action.rstrip("…")).click()
    expect(page.locator(".messagelist")).to_have_text(f"{action.rstrip('…')}: done for 1 of 1.")
    page.locator("input.action-select").first.check()
    expect(page.locator(".action-counter")).to_have_text("1 of 1 selected")
    right = "(element) => element.getBoundingClientRect().right"
    assert page.get_by_role("button", name="Go").evaluate(right) <= page.locator("#changelist-form").evaluate(right)


def test_a_person_looks_after_their_account(page: Page) -> None:
    enter(page, "/account/", "owner")
    keep(page, "account")
    page.get_by_text("Delete my account…").click()
    page.get_by_label("Your password").fill("wrong")
    page.get_by_role("button", name="Delete my account for good").wait_for()
    keep(page, "account-delete")
    for path in ("password/change", "email", "logout", "reauthenticate"):
        page.goto(f"/accounts/{path}/")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        keep(page, f"account-{path.replace('/', '-')}")
    page.goto("/account/")
    page.get_by_role("main").get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/")
    expect(page.get_by_text("You have signed out.")).to_be_visible()
    page.go_back()
    page.wait_for_url("**/accounts/login/?next=/account/")
    assert "owner@example.com" not in page.content()


def test_a_page_that_comes_back_as_it_was_is_asked_for_anew(page: Page) -> None:
    """WebKit brings pages back so, whatever their headers say."""
    for address, who in (("/account/", "owner"), ("/admin/", "moderator")):
        enter(page, address, who)
        page.wait_for_load_state("networkidle")
        page.context.clear_cookies()
        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
        page.wait_for_url("**/accounts/login/**")
