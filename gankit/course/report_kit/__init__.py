"""A two-page report on a student's runs: figures, a table and cautions.

`find_runs` reads the runs. `Report` makes the figures, the table and the lists of
failures and cautions; `Report.export` joins them with the student's own `Words` in one
HTML file, which a browser prints. `check_report` goes through the criteria of
`docs/report_rubric.md`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
