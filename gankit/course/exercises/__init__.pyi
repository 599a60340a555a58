from .cells import Exercise as Exercise
from .cells import exercises as exercises
from .cells import notebooks_in as notebooks_in
from .cells import read as read
from .editions import handout as handout
from .editions import marking_key as marking_key
from .editions import student_edition as student_edition
from .nbgrader import nbgrader_edition as nbgrader_edition
