"""Sentences about who can see a portrait just now, as its owner reads them.

Moderators can look at every portrait, and each look is logged (portraits/admin); other people need a live link.
"""

from __future__ import annotations

from dataclasses import dataclass

from portraits.models import Portrait

MODERATORS = "Moderators can look at it too; each look is recorded."


@dataclass(frozen=True)
class Visibility:
    """label: some words for a list; sentence: for the portrait's own page."""

    label: str
    sentence: str


def of(portrait: Portrait, live_links: int) -> Visibility:
    """live_links: of the portrait, neither revoked nor expired."""
    if portrait.hidden:
        links = ", and its links show nothing until it is restored" if live_links else ""
        sentence = "A moderator has hidden this portrait, so it cannot be shared. Only you and moderators can see it"
        return Visibility("Hidden from others", f"{sentence}{links}.")
    if not live_links:
        return Visibility("Private", f"No link leads to this portrait: only you can see it. {MODERATORS}")
    if live_links == 1:
        sentence = f"Anyone with its link can see this portrait, and so can you. {MODERATORS}"
        return Visibility("Shared by a link", sentence)
    sentence = f"Anyone with one of its {live_links} links can see this portrait, and so can you. {MODERATORS}"
    return Visibility(f"Shared by {live_links} links", sentence)
