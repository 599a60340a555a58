"""The lines of a notebook that some of its lines need, and no others.

An exercise is checked without the training that stands above it: of the notebook's
statements only those run that define a name which the check or the answer uses, and
what these use in turn. A statement that changes something and defines nothing, such as
`gankit.setup(seed)`, is never among them.
"""

import ast
import re
import symtable
from dataclasses import dataclass

from gankit.course.exercises.cells import is_code, source, tags

_COMMAND = re.compile(r"^(\s*)[%!].*$", re.MULTILINE)
# What parsing raises on what is none: of nesting that is too deep, too.
NO_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)
_NOT_CONTEXT = {"nbval-skip", "exercise", "solution"}


@dataclass(frozen=True)
class Statement:
    """One statement of a notebook.

    Attributes:
        node: As `ast` parses it.
        cell: Index of its cell.
        defines: Names that it binds.
        uses: Names of the notebook that it reads, in functions too.
    """

    node: ast.stmt
    cell: int
    defines: frozenset
    uses: frozenset

    @property
    def is_import(self):
        """Whether it only imports."""
        return isinstance(self.node, ast.Import | ast.ImportFrom)


def parse(code):
    """Parses a cell; lines for IPython or the shell are left out.

    Args:
        code: The cell's text.

    Returns:
        A list of `ast` statements.

    Raises:
        SyntaxError: If it is no Python.
    """
    return ast.parse(without_commands(code)).body


def without_commands(code):
    """A cell's text with `pass` for each line for IPython or the shell."""
    try:
        ast.parse(code)
    except NO_PYTHON:
        pass
    else:  # a line that begins with % goes on with the one above
        return code
    return _COMMAND.sub(r"\1pass", code)


def statements(code, cell=0):
    """The `Statement`s of a cell's text; raises `SyntaxError` as `parse` does."""
    return [Statement(node, cell, *_names(node)) for node in parse(code)]


def statements_of(cells):
    """The statements of a notebook's cells that others may need.

    Installation, exercises and solutions are not among them, nor are cells that are
    no Python.
    """
    found = []
    for i, cell in enumerate(cells):
        if is_code(cell) and not _NOT_CONTEXT & set(tags(cell)):
            try:
                found += statements(source(cell), i)
            except NO_PYTHON:
                continue
    return found


def _names(node):
    defines, uses = set(), set()

    def walk(table):
        at_top = table.get_type() == "module"
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (at_top or symbol.is_global()):
                uses.add(symbol.get_name())
            if at_top and (symbol.is_assigned() or symbol.is_imported()):
                defines.add(symbol.get_name())
        for child in table.get_children():
            walk(child)

    walk(symtable.symtable(ast.unparse(node), "cell", "exec"))
    return frozenset(defines), frozenset(uses)


def needed(available, wanted):
    """The statements that define some names, and what these need in turn.

    Args:
        available: List of `Statement`, in order.
        wanted: Names.

    Returns:
        `(list of Statement, set of names)`: those needed, in order, and the wanted
        names that none of them defines.
    """
    chosen, missing = set(), set()
    waiting = [(name, len(available)) for name in wanted]
    while waiting:
        name, limit = waiting.pop()
        # As in a notebook run from the top, the last definition holds.
        for i in range(limit - 1, -1, -1):
            if name in available[i].defines:
                break
        else:
            missing.add(name)
            continue
        if i not in chosen:
            chosen.add(i)
            # A function looks its names up when it is called.
            late = isinstance(available[i].node, ast.FunctionDef | ast.ClassDef)
            below = len(available) if late else i
            waiting += [(used, below) for used in available[i].uses]
    return [available[i] for i in sorted(chosen)], missing & set(wanted)


def uses_of(some):
    """Names that statements use and do not define."""
    used = frozenset().union(*(statement.uses for statement in some))
    return used - frozenset().union(*(statement.defines for statement in some))


def run(some, names):
    """Executes statements in a namespace.

    Args:
        some: `Statement`s, or `ast` nodes.
        names: Dict in which they are executed.
    """
    nodes = [getattr(statement, "node", statement) for statement in some]
    module = ast.Module(nodes, type_ignores=[])
    exec(compile(ast.fix_missing_locations(module), "<cell>", "exec"), names)


def call_of(check, name):
    """The arguments with which a check cell calls its check.

    Args:
        check: The cell's statements.
        name: Name of the function.

    Returns:
        `(definitions, arguments)`: the statements before the call, and an `ast`
        expression of a tuple.

    Raises:
        ValueError: If it does not call it, last, at its top level.
    """
    call = getattr(check[-1].node, "value", None)
    if isinstance(call, ast.Call) and getattr(call.func, "id", None) == name:
        arguments = ast.Expression(ast.Tuple(call.args, ast.Load()))
        return check[:-1], ast.fix_missing_locations(arguments)
    raise ValueError(
        f"Expected '_ = {name}(...)' as the last line of its cell, received "
        f"{ast.unparse(check[-1].node)!r}: call the check there."
    )
