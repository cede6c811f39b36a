"""Description of who can see a portrait at present, for its owner.

Moderators and operators can see every portrait, and each access is logged (portraits/admin); other people need a live
link.
"""

from __future__ import annotations

from dataclasses import dataclass

from portraits.models import Portrait

STAFF = "the people who run this site"
ONLY_YOU = f"only you and {STAFF} can see it"
STAFF_RECORDED = f"Each look of {STAFF} is recorded."


@dataclass(frozen=True)
class Visibility:
    """Description of who can see a portrait."""

    label: str
    """Short text for a list."""
    sentence: str
    """Sentence for the portrait's own page."""


def describe(portrait: Portrait, live_links: int, *, anything_shown: bool = True) -> Visibility:
    """Description of a portrait's visibility. The label does not depend on anything_shown.

    live_links: number of links, neither revoked nor expired. anything_shown: whether a link has something to show.
    """
    if portrait.hidden:
        its = "its link shows" if live_links == 1 else f"its {live_links} links show"
        links = f", and {its} nothing until it is restored" if live_links else ""
        sentence = f"A moderator has hidden this portrait, so it cannot be shared. {ONLY_YOU.capitalize()}"
        return Visibility("Hidden from others", f"{sentence}{links}.")
    if not live_links:
        return Visibility("Private", f"No link leads to this portrait: {ONLY_YOU}. {STAFF_RECORDED}")
    label = "Shared by a link" if live_links == 1 else f"Shared by {live_links} links"
    if not anything_shown:
        return Visibility(label, f"There is nothing to see behind its link{'s' if live_links > 1 else ''} yet.")
    work = "1 link works: anyone with it" if live_links == 1 else f"{live_links} links work: anyone with one of them"
    return Visibility(label, f"{work} can see this portrait, and so can you and {STAFF}. {STAFF_RECORDED}")
