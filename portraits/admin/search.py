"""Limits on what a list of the admin searches for: each word is a condition, and databases bound their number."""

from __future__ import annotations

from django import forms
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList, ChangeListSearchForm
from django.core.exceptions import ValidationError

MOST_CHARACTERS = 200
MOST_WORDS = 20


def bound_words(text: str) -> None:
    """Validator of a search. Raises ValidationError for more than MOST_WORDS words."""
    if len(text.split()) > MOST_WORDS:
        raise ValidationError(f"Search for at most {MOST_WORDS} words.")


class SearchForm(ChangeListSearchForm):
    """Form whose errors the list shows above all its rows."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields[SEARCH_VAR] = forms.CharField(
            required=False, strip=False, max_length=MOST_CHARACTERS, validators=[bound_words]
        )


class BoundedChangeList(ChangeList):
    search_form_class = SearchForm
