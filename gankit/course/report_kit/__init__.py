"""A two-page report on a student's runs: figures, a table and cautions.

`find_runs` reads the runs. `Report` makes the figures, the table and the lists of
failures and cautions; `Report.export` joins them with the student's own `Words` in one
HTML file, which a browser prints. `check_report` goes through the criteria of
`docs/report_rubric.md`.
"""

from gankit.course.report_kit.checks import CRITERIA, Check, check_report
from gankit.course.report_kit.report import Report
from gankit.course.report_kit.runs import ReportedRun, find_runs
from gankit.course.report_kit.summary import Row, summarise
from gankit.course.report_kit.words import EXAMPLE, Words

__all__ = [
    "CRITERIA",
    "EXAMPLE",
    "Check",
    "Report",
    "ReportedRun",
    "Row",
    "Words",
    "check_report",
    "find_runs",
    "summarise",
]
