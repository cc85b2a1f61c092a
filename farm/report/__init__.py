"""What the database and the gate know -> self-contained pages. The sources lie in reports/."""

from farm.report.compare import Sides, compare_page
from farm.report.device import device_page
from farm.report.gate import gate_page
from farm.report.history import choose, history_page
from farm.report.look import Look
from farm.report.night import Unsent
from farm.report.nightly import nightly_page
from farm.report.session import session_page
from farm.report.site import INDEX, GateEntry, SitePage, site
from farm.report.verdict import NightBudgets, code

__all__ = [
    "INDEX",
    "GateEntry",
    "Look",
    "NightBudgets",
    "Sides",
    "SitePage",
    "Unsent",
    "choose",
    "code",
    "compare_page",
    "device_page",
    "gate_page",
    "history_page",
    "nightly_page",
    "session_page",
    "site",
]
