"""The structure of the package: walls, circles of imports, sizes."""

import ast
import io
import tokenize
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "gankit"
# From the bottom up. A folder may import what stands before it, and its own modules.
ORDER = (
    *("files", "backend", "layers", "constraints", "losses", "datasets", "trainers"),
    *("networks", "plotting", "inspection", "metrics", "callbacks"),
    *("experiments", "photos", "course", "cli", "__main__"),
)
ANNEXES = {"experiments", "photos", "course", "cli", "__main__"}
ENGINE = ("backend", "layers", "constraints.py", "losses", "trainers")
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(
        ".__init__"
    ): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


def imports_of(name):
    """Modules of gankit that a module imports, within functions too."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                found.add(submodule if submodule in MODULES else node.module)
    return {module for module in found if module in MODULES} - {name, "gankit"}


GRAPH = {name: imports_of(name) for name in MODULES}


def folder(name):
    return name.split(".")[1]


def code_lines(path):
    """Lines of code: without docstrings, comments and blank lines."""
    text = path.read_text(encoding="utf-8")
    docstrings = set()
    for node in ast.walk(ast.parse(text)):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            value = body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                docstrings |= set(range(value.lineno, value.end_lineno + 1))
    no_code = {
        *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT),
        *(tokenize.DEDENT, tokenize.ENDMARKER),
    }
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in no_code:
            lines |= set(range(token.start[0], token.end[0] + 1))
    return len(lines - docstrings)


def test_the_walk_sees_imports():
    assert "gankit.backend.device" in GRAPH["gankit.trainers.adversarial"]
    # Within a function.
    assert any(folder(module) == "course" for module in GRAPH["gankit.cli.grade"])
    assert len(MODULES) > 150


@pytest.mark.parametrize("name", [name for name in MODULES if name != "gankit"])
def test_a_module_imports_only_what_stands_below(name):
    allowed = ORDER[: ORDER.index(folder(name)) + 1]
    above = {module for module in GRAPH[name] if folder(module) not in allowed}
    assert not above, f"{name} stands below {', '.join(sorted(above))}"


def test_nothing_above_the_wall_imports_an_annex():
    crossing = [
        f"{name} imports {module}"
        for name in MODULES
        if name != "gankit" and folder(name) not in ANNEXES
        for module in GRAPH[name]
        if folder(module) in ANNEXES
    ]
    assert not crossing


def test_there_is_no_circle_of_imports():
    done, path = set(), []

    def visit(name):
        assert name not in path, " -> ".join([*path[path.index(name) :], name])
        if name not in done:
            path.append(name)
            for module in sorted(GRAPH[name]):
                visit(module)
            path.pop()
            done.add(name)

    for name in GRAPH:
        visit(name)


def test_the_library_is_small(capsys):
    # Without the files that Python itself asks for.
    asked = {"__init__.py", "__init__.pyi", "__main__.py", "__pycache__", "py.typed"}
    entries = [p for p in PACKAGE.iterdir() if p.name not in asked]
    code = sum(code_lines(path) for path in MODULES.values())
    engine = sum(
        len(path.read_text(encoding="utf-8").splitlines())
        for part in ENGINE
        for path in (
            [PACKAGE / part] if "." in part else (PACKAGE / part).rglob("*.py")
        )
    )
    with capsys.disabled():
        print(
            f"\ngankit: {len(entries)} entries, {code:,} lines of code; backend, "
            f"layers, constraints, losses and trainers: {engine:,} lines in all"
        )
    assert len(entries) <= 16, sorted(p.name for p in entries)
    assert code <= 20_750
    assert engine <= 4_000
