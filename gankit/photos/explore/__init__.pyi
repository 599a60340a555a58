from . import directions as directions
from . import latents as latents
from . import rendering as rendering
from .directions import traversal as traversal
from .explorer import Explorer as Explorer
from .explorer import explore as explore
