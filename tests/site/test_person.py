"""Actions of a user in a real browser, at desktop and phone size; screenshots are kept in build/screens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.site.browser import PATIENCE, Visitor, all_differ
from tests.site.running import RunningSite, SmallSite

SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1440, "height": 900}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
    },
}
MAKE_MODERATOR = """
from django.contrib.auth.models import Group
from portraits.models import User
person = User.objects.create_user("moderator@example.com", is_staff=True)
person.groups.add(Group.objects.get(name="moderator"))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    site = SmallSite(tmp_path_factory.mktemp("site") / "data", "--no-demo")
    site.start()
    made = site.manage("shell", "-c", MAKE_MODERATOR)
    assert made.returncode == 0, made.stderr
    yield site
    site.kill()


def window(browser: Browser, site: RunningSite, size: str) -> BrowserContext:
    """A browser without a signed-in user."""
    return browser.new_context(base_url=site.address, **SIZES[size])


def one_time_link(site: RunningSite, email: str) -> str:
    """One-time link, as `make run` prints one."""
    printed = site.manage("sign_in_link", email)
    assert printed.returncode == 0, printed.stderr
    return printed.stdout.strip()


@pytest.fixture(params=["desktop", "phone"])
def size(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def visitor(browser: Browser, site: RunningSite, size: str) -> Iterator[Visitor]:
    """Signed in by a one-time link."""
    context = window(browser, site, size)
    page = context.new_page()
    page.goto(one_time_link(site, f"{size}@example.com"))
    yield Visitor(page, size)
    context.close()


COUNT_CONTEXTS = """
window.contexts = new Set();
const { getContext } = HTMLCanvasElement.prototype;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  const context = getContext.call(this, kind, ...more);
  if (kind === 'webgl2' && context) contexts.add(context);
  return context;
};
"""


def test_a_link_signs_in_once(browser: Browser, site: RunningSite) -> None:
    link = one_time_link(site, "once@example.com")
    for first in (True, False):
        context = window(browser, site, "desktop")
        page = context.new_page()
        page.goto(link)
        page.goto("/account/")
        assert ("/accounts/login/" not in page.url) == first
        context.close()


def test_from_a_dropped_photo_to_a_portrait_that_is_shared_and_hidden(
    visitor: Visitor, browser: Browser, site: RunningSite, photo: bytes, size: str
) -> None:
    page = visitor.page
    page.add_init_script(COUNT_CONTEXTS)

    visitor.drop(photo)
    visitor.keep("2-confirm")
    visitor.bring_to_life()
    visitor.wait_alive()
    assert page.evaluate("contexts.size") == 1, "what the page makes ready is not what the element draws with"
    assert page.locator("#progress").get_attribute("data-state") != "ready", "alive only when all was done"
    visitor.keep("3-alive")

    before = counted(page.locator("#progress-counter").inner_text())
    expect(page.locator("#progress-counter")).not_to_have_text(re.compile(rf"^{before} of"), timeout=PATIENCE)
    page.reload()
    visitor.wait_alive()
    assert counted(page.locator("#progress-counter").inner_text()) >= before
    visitor.keep("4-reloaded")

    expect(page.locator("#progress")).to_be_hidden(timeout=PATIENCE)
    assert all_differ(visitor.four_corners())
    visitor.keep("5-complete")

    share_and_revoke(visitor, browser, site, size)
    moderate(visitor, browser, site, size)


def counted(text: str) -> int:
    return int(text.split()[0] or 0) if text else 0


def share_and_revoke(visitor: Visitor, browser: Browser, site: RunningSite, size: str) -> None:
    page = visitor.page
    link = make_link(visitor)
    private = window(browser, site, size)
    guest = Visitor(private.new_page(), f"{size}-guest")
    guest.page.goto(link)
    guest.wait_alive()
    guest.keep("share")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name=re.compile("^Revoke")).first.click()
    expect(page.get_by_role("button", name=re.compile("^Revoke"))).to_have_count(0)
    answer = guest.page.goto(link)
    assert answer is not None
    assert answer.status == 404
    guest.keep("revoked")
    assert httpx.get(f"{link}manifest.json").status_code == 404
    private.close()


def make_link(visitor: Visitor) -> str:
    visitor.page.get_by_role("button", name="Make a link").click()
    return visitor.page.locator("#new-link").input_value()


def moderate(visitor: Visitor, browser: Browser, site: RunningSite, size: str) -> None:
    """A moderator hides the portrait: its owner is told, its links are dead."""
    link = make_link(visitor)
    assert httpx.get(link).status_code == 200
    context = window(browser, site, size)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(one_time_link(site, "moderator@example.com"))
    portrait = visitor.page.url.rstrip("/").rpartition("/")[2]
    page.goto(f"/admin/portraits/portrait/?q={portrait}")
    Visitor(page, f"{size}-moderator").keep("list")
    page.check("input.action-select >> nth=0")
    page.select_option("select[name=action]", "hide")
    page.get_by_role("button", name=re.compile("Go|Run")).first.click()
    page.fill("[name=reason]", "Shown without consent.")
    Visitor(page, f"{size}-moderator").keep("reason")
    page.locator("form [type=submit]").last.click()
    page.wait_for_load_state()
    context.close()
    assert httpx.get(link).status_code == 404
    visitor.page.reload()
    expect(visitor.page.locator("#moderation")).to_contain_text("Shown without consent.")
    visitor.keep("6-hidden")


def test_stopping_the_sheets_keeps_the_living_face_and_they_are_made_when_asked_for(
    visitor: Visitor, photo: bytes
) -> None:
    visitor.drop(photo)
    visitor.bring_to_life()
    visitor.wait_alive()
    visitor.page.click("#cancel")
    visitor.expect_state("cancelled")
    visitor.keep("7-cancelled")
    assert all_differ(visitor.four_corners())
    visitor.page.click("text=Prepare a download")
    visitor.expect_state("ready")
    expect(visitor.page.locator("#download")).to_be_visible()


BEFORE_MAGENTA = """() => {
  document.querySelector('.ambience')?.remove();
  document.documentElement.style.background = document.body.style.background = 'rgb(255, 0, 255)';
}"""
MAGENTA = (255, 0, 255)


@pytest.mark.parametrize("size", ["desktop"], indirect=True)
def test_without_background_the_person_stands_before_the_page(visitor: Visitor, photo: bytes) -> None:
    page = visitor.page
    visitor.drop(photo)
    page.click(".options > summary")
    page.get_by_label("Remove the background").check()
    visitor.keep("8-remove-background")
    visitor.bring_to_life()
    visitor.wait_alive()
    expect(page.locator("#still")).to_have_css("opacity", "0")  # the photo itself fades away before it
    visitor.keep("9-without-background")
    expect(page.locator("#advice")).to_contain_text("The background was removed")
    page.evaluate(BEFORE_MAGENTA)
    corner, face = visitor.shown_at((0.06, 0.1), (0.5, 0.5))
    assert corner == MAGENTA
    assert face != MAGENTA
    portrait = page.url
    look_at_the_gallery(visitor)
    page.goto(portrait)
    page.click("#cancel")
    visitor.expect_state("cancelled")


def look_at_the_gallery(visitor: Visitor) -> None:
    """A tile that lives shows one person, and not their still picture behind them."""
    page = visitor.page
    page.goto("/portraits/")
    still = page.locator(".tile .cut-out > .tile-picture").first
    expect(still).to_be_visible()
    still.hover()
    expect(still).to_be_hidden(timeout=PATIENCE)
    visitor.keep("10-gallery-without-background")
    page.mouse.move(2, 2)
    expect(still).to_be_visible(timeout=PATIENCE)


def test_somebody_without_an_account_tries_first_and_keeps_what_they_have_made(
    browser: Browser, site: RunningSite, size: str, photo: bytes
) -> None:
    context = window(browser, site, size)
    guest = Visitor(context.new_page(), f"{size}-try")
    page = guest.page
    page.goto("/")
    page.click("#make-your-own")
    expect(page.locator("#upload-dialog")).to_be_visible()
    guest.drop(photo)
    guest.bring_to_life()
    guest.wait_alive()
    assert all_differ(guest.four_corners())
    expect(page.locator("#share, #download")).to_have_count(0)
    guest.keep("1-guest")
    portrait = page.url
    page.click("text=Keep it")
    page.fill("#id_email", f"{size}-try@example.com")
    for field in ("#id_password1", "#id_password2"):
        page.fill(field, "a long enough password")
    guest.keep("2-keep")
    page.click("text=Create my account")
    page.fill("#id_login", f"{size}-try@example.com")
    page.fill("#id_password", "a long enough password")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(portrait)
    expect(page.locator(".messages")).to_contain_text("is kept")
    expect(page.locator("#share")).to_be_visible()
    guest.wait_alive()
    guest.keep("3-kept")
    context.close()


def test_without_javascript_somebody_tries_first_too(
    browser: Browser, site: RunningSite, size: str, photo: bytes
) -> None:
    context = browser.new_context(base_url=site.address, java_script_enabled=False, **SIZES[size])
    page = context.new_page()
    page.goto("/")
    page.click("#make-your-own")
    page.check("#consent")
    page.set_input_files("#photo", {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": photo})
    page.screenshot(path=f"build/screens/{size}-no-script-1-upload.png")
    page.click("text=Send the photo")
    page.click("#bring-to-life")
    page.screenshot(path=f"build/screens/{size}-no-script-2-guest.png")
    expect(page.locator("gaze-tracker img")).to_be_visible(timeout=PATIENCE)  # the page asks again by itself
    page.screenshot(path=f"build/screens/{size}-no-script-3-alive.png")
    page.click("text=Keep it")
    expect(page.locator("form[action='/accounts/signup/']")).to_be_visible()
    page.screenshot(path=f"build/screens/{size}-no-script-4-keep.png", full_page=True)
    context.close()


def test_other_pages_are_looked_at_too(visitor: Visitor, browser: Browser, site: RunningSite, size: str) -> None:
    for name, address in {"home": "/", "upload": "/upload/", "gallery": "/portraits/", "lost": "/nowhere/"}.items():
        visitor.page.goto(address)
        visitor.keep(f"page-{name}")
    context = window(browser, site, size)
    guest = Visitor(context.new_page(), f"{size}-guest")
    for name, address in {"home": "/", "sign-in": "/accounts/login/", "sign-up": "/accounts/signup/"}.items():
        guest.page.goto(address)
        guest.keep(f"page-{name}")
    context.close()
    assert Path("build/screens").is_dir()
