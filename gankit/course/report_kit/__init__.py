"""A two-page report out of a student's runs: figures, a table, and what to beware of.

`find_runs` reads runs, `Report` makes figures, table, failures and cautions of them,
and `Report.export` joins these with the student's own `Words` in one HTML file and one
PDF. `before_handing_in` goes through the criteria of `docs/report_rubric.md`.
"""

from gankit.course.report_kit.checks import CRITERIA, Check, before_handing_in
from gankit.course.report_kit.report import Exported, Report
from gankit.course.report_kit.runs import ReportedRun, find_runs
from gankit.course.report_kit.summary import Row, summarise
from gankit.course.report_kit.words import EXAMPLE, Words

__all__ = [
    "CRITERIA",
    "EXAMPLE",
    "Check",
    "Exported",
    "Report",
    "ReportedRun",
    "Row",
    "Words",
    "before_handing_in",
    "find_runs",
    "summarise",
]
