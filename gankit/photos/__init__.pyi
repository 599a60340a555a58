from . import explore as explore
from . import faces as faces
from . import translation as translation
