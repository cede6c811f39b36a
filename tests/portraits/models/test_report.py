"""Reports: open until somebody closes them, once."""

from __future__ import annotations

import pytest

from portraits.models import Report
from tests.portraits import factories

pytestmark = pytest.mark.django_db


def test_a_report_is_closed_once_and_names_who_did_it() -> None:
    owner, moderator, other = factories.user("ada"), factories.user("eve"), factories.user("max")
    report = Report.objects.create(portrait=factories.portrait(owner), reason=Report.Reason.OTHER)
    assert list(Report.objects.open()) == [report]
    assert (report.close(moderator), report.close(other)) == (True, False)
    assert report.closed_by == moderator
    assert not Report.objects.open().exists()
