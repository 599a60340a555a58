"""The slow-motion laboratory: a game in the plane, one player's step at a time.

`Laboratory` plays it and shows it as `Frame`s; its `widget` does so in a notebook, and
`export` writes a page of recorded games for rooms without one.
"""

from gankit.course.laboratory.frame import Frame
from gankit.course.laboratory.laboratory import Laboratory
from gankit.course.laboratory.page import export

__all__ = ["Frame", "Laboratory", "export"]
