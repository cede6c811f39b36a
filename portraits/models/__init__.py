"""Models. The state of each is changed by the model that owns it, and nowhere else."""

from portraits.models.audit import AuditEntry, UnchangeableError
from portraits.models.browser import BrowserSession
from portraits.models.charge import Charge
from portraits.models.pending_deletion import PendingDeletion
from portraits.models.portrait import Portrait
from portraits.models.render import Output, Render
from portraits.models.rental import Bill, Rental
from portraits.models.report import Report
from portraits.models.session import Session
from portraits.models.share import ShareLink
from portraits.models.upload import Upload
from portraits.models.user import User

__all__ = [
    "AuditEntry",
    "Bill",
    "BrowserSession",
    "Charge",
    "Output",
    "PendingDeletion",
    "Portrait",
    "Render",
    "Rental",
    "Report",
    "Session",
    "ShareLink",
    "UnchangeableError",
    "Upload",
    "User",
]
