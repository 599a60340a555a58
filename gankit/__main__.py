"""`python -m gankit` is the command `gankit`."""

from gankit.cli import app

app(prog_name="gankit")
