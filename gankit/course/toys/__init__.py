"""Small GANs on the line and in the plane, with exact results to compare them with.

`train` trains tiny networks for many seeds at once on a distribution of `targets`.
`closed_forms`, `transport`, `bilinear` and `coverage` compute what theory says;
`modes` is the benchmark of mode collapse; `pictures` draws them for a notebook.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
