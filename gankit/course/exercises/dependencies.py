"""Selects the statements of a notebook that an answer and its check depend on.

An exercise is checked without the training that precedes it in the notebook. Only
those statements run that define a name which the check or the answer uses, and,
recursively, the statements that define the names which these use. A statement with a
side effect and no definition, such as `gankit.setup(seed)`, never runs.
"""

import ast
import re
import symtable
from dataclasses import dataclass

from gankit.course.exercises.cells import is_code, source, tags

# Parsing raises these where code is not Python, or is nested too deeply.
SYNTAX_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError)
_COMMAND = re.compile(r"^(\s*)[%!].*$", re.MULTILINE)
_EXCLUDED_TAGS = {"nbval-skip", "exercise", "solution"}


@dataclass(frozen=True)
class Statement:
    """One statement of a notebook.

    Attributes:
        node: The statement's `ast` node.
        cell: Index of its cell.
        defines: Names that it binds.
        uses: Global names that it reads, including those read inside functions.
    """

    node: ast.stmt
    cell: int
    defines: frozenset
    uses: frozenset

    @property
    def is_import(self):
        """Whether it is an import."""
        return isinstance(self.node, ast.Import | ast.ImportFrom)


def parse(code):
    """Parses a cell without its IPython and shell commands.

    Args:
        code: The cell's text.

    Returns:
        A list of `ast` statements.

    Raises:
        SyntaxError: If the cell is not Python.
    """
    return ast.parse(without_commands(code)).body


def without_commands(code):
    """A cell's text with `pass` in place of each IPython or shell command."""
    try:
        ast.parse(code)
    except SYNTAX_ERRORS:
        return _COMMAND.sub(r"\1pass", code)
    return code  # a line that begins with % continues the one above


def parse_statements(code, cell=0):
    """The `Statement`s of a cell's text; raises `SyntaxError` like `parse`."""
    return [Statement(node, cell, *_names(node)) for node in parse(code)]


def notebook_statements(cells):
    """The statements of a notebook's cells that an exercise may depend on.

    Leaves out installation cells, exercises, solutions and cells that are not Python.
    """
    found = []
    for i, cell in enumerate(cells):
        if is_code(cell) and not _EXCLUDED_TAGS & set(tags(cell)):
            try:
                found += parse_statements(source(cell), i)
            except SYNTAX_ERRORS:
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


def select(available, names):
    """Selects the statements that define some names, with all their dependencies.

    Args:
        available: List of `Statement`, in order.
        names: Names to define.

    Returns:
        `(list of Statement, set of names)`: the selected statements, in order, and
        those of `names` that no statement defines.
    """
    chosen, missing = set(), set()
    waiting = [(name, len(available)) for name in names]
    while waiting:
        name, limit = waiting.pop()
        # The last definition counts, as in a notebook that runs from the top.
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
            waiting += [(n, len(available) if late else i) for n in available[i].uses]
    return [available[i] for i in sorted(chosen)], missing & set(names)


def free_names(statements):
    """Names that statements use and do not define."""
    uses, defines = set(), set()
    for statement in statements:
        uses |= statement.uses
        defines |= statement.defines
    return uses - defines


def execute(statements, namespace):
    """Executes statements.

    Args:
        statements: List of `Statement`.
        namespace: Dict of the global names, which the statements change.
    """
    module = ast.Module([statement.node for statement in statements], type_ignores=[])
    exec(compile(ast.fix_missing_locations(module), "<cell>", "exec"), namespace)


def calls_in_check(statements, name):
    """Finds what a check cell calls.

    Args:
        statements: The cell's `Statement`s.
        name: Name of the check function.

    Returns:
        A list with an item for each call in the function: `(called, arguments)`, the
        code of what is called, such as `"loss_checks.slopes"`, and of the answer's
        functions, such as `["saturating_slope", "non_saturating_slope"]`.

    Raises:
        ValueError: If the function calls anything with other arguments than its own,
            or the last statement does not call the function.
    """
    try:
        (function,) = [s.node for s in statements if name in s.defines]
        call = statements[-1].node.value
        parameters = [argument.arg for argument in function.args.args]
        answers = dict(zip(parameters, map(ast.unparse, call.args), strict=True))
        return [
            (ast.unparse(node.func), [answers[argument.id] for argument in node.args])
            for node in ast.walk(function)
            if isinstance(node, ast.Call)
        ]
    except (AttributeError, KeyError, ValueError):
        raise ValueError(
            f"Expected a function {name} that calls checks with its own arguments, and "
            f"'_ = {name}(...)' as the last line of its cell, received "
            f"{ast.unparse([s.node for s in statements])!r}: write the check so."
        ) from None
