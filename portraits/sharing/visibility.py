"""Description of who can see a portrait at present, for its owner.

Moderators and operators can see every portrait, and each access is logged (portraits/admin); other people need a live
link.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from portraits.models import Portrait, ShareLink

STAFF = "the people who run this site"
ONLY_YOU = f"only you and {STAFF} can see it"
STAFF_RECORDED = f"Each access by {STAFF} is recorded."


@dataclass(frozen=True)
class Visibility:
    """Description of who can see a portrait."""

    label: str
    """Short text for a list."""
    sentence: str
    """Sentence for the portrait's own page."""


def describe(portrait: Portrait, links: Collection[ShareLink], *, anything_shown: bool = True) -> Visibility:
    """Description of a portrait's visibility. The label does not depend on anything_shown.

    links: those that are neither revoked nor expired. anything_shown: whether a link has something to show.
    """
    live_links = len(links)
    if portrait.hidden:
        its = "its link shows" if live_links == 1 else f"its {live_links} links show"
        silent = f", and {its} nothing until it is restored" if live_links else ""
        sentence = f"A moderator has hidden this portrait, so it cannot be shared. {ONLY_YOU.capitalize()}"
        return Visibility("Hidden from others", f"{sentence}{silent}.")
    if not live_links:
        return Visibility("Private", f"No link leads to this portrait: {ONLY_YOU}. {STAFF_RECORDED}")
    label = "Shared by a link" if live_links == 1 else f"Shared by {live_links} links"
    if not anything_shown:
        return Visibility(label, f"There is nothing to see behind its link{'s' if live_links > 1 else ''} yet.")
    return Visibility(label, f"{_who(links)} can see this portrait, and so can you and {STAFF}. {STAFF_RECORDED}")


def _who(links: Collection[ShareLink]) -> str:
    count, locked = len(links), sum(bool(link.password) for link in links)
    if count == 1:
        return f"1 link works: anyone with it{' and its password' if locked else ''}"
    password = "" if not locked else " and its password" if locked == count else f" (for {locked} also its password)"
    return f"{count} links work: anyone with one of them{password}"
