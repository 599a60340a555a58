from . import clinic as clinic
from . import exercises as exercises
from . import grading as grading
from . import laboratory as laboratory
from . import report_kit as report_kit
from . import toys as toys
