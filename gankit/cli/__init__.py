"""The command line; `gankit --help` lists the commands.

Keras and its backend take seconds to import: each command imports what it needs, so
that --help answers at once.
"""

import importlib

from gankit.cli.app import PANELS, app

__all__ = ["app"]

# Each module registers its commands with the application.
for _module in (
    *("claims", "clinic", "dataset", "experiments", "fid_weights", "grade"),
    *("laboratory", "modes", "reports", "retrain", "scores", "study", "translate"),
):
    importlib.import_module(f"{__name__}.{_module}")

_PANEL_OF = {name: panel for panel, names in PANELS.items() for name in names}


def _name(command):
    return command.name or command.callback.__name__


app.registered_commands.sort(key=lambda command: list(_PANEL_OF).index(_name(command)))
for _command in (*app.registered_commands, *app.registered_groups):
    _command.rich_help_panel = _PANEL_OF[_name(_command)]
