"""What to do with trained models and photographs: explore, translate, find faces.

Parts are imported when they are first used, as they need packages of their own.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
