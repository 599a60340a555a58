"""Experiments: a name stands for data, networks, losses, budget and reported numbers.

`run(name)` trains or resumes an experiment, scores it and saves pictures.
`load(folder)` loads a run. The experiments of each report are in the module of its
name; `@experiment` adds your own. They are imported when one is first looked up, as
Keras takes seconds. `__init__.pyi` lists the names.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
