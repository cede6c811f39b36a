"""Form for a report about a shared portrait."""

from __future__ import annotations

import pytest

from portraits.models import Report
from portraits.sharing.report_form import ReportForm


@pytest.mark.parametrize("reason", Report.Reason.values)
def test_each_reason_of_a_report_can_be_given(reason: str) -> None:
    form = ReportForm({"reason": reason})
    assert form.is_valid()
    assert form.cleaned_data == {"reason": reason, "text": "", "email": ""}


def test_a_text_is_as_long_as_a_report_keeps() -> None:
    longest = Report._meta.get_field("text").max_length
    assert ReportForm({"reason": "other", "text": "x" * longest}).is_valid()
    assert not ReportForm({"reason": "other", "text": "x" * (longest + 1)}).is_valid()
