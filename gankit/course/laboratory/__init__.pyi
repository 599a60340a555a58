from .frame import Frame as Frame
from .laboratory import Laboratory as Laboratory
from .page import export as export
from .widget import Widget as Widget
