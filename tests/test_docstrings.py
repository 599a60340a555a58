"""Docstrings of the public names: arguments, results, errors and links to papers."""

import ast
import functools
import importlib
import inspect
import re
import textwrap
import types
from pathlib import Path

import pytest

from gankit import experiments

PACKAGE = Path(__file__).parents[1] / "gankit"
# Helpers that raise ValueError.
CHECKS = ("check_choice", "check_number", "check_real")


@pytest.fixture(scope="module")
def public():
    """Public functions and classes by the name under which one calls them.

    They are all that an `__init__.pyi` or an `__all__` lists. Where that is a module,
    its own functions and classes count, too.
    """
    found = {}
    for file in sorted(PACKAGE.rglob("__init__.py")):
        path = ".".join(file.parent.relative_to(PACKAGE.parent).parts)
        package = importlib.import_module(path)
        for name in getattr(package, "__all__", ()):
            value = getattr(package, name)
            if not isinstance(value, types.ModuleType):
                found[f"{path}.{name}"] = value
            elif "__path__" not in vars(value):
                for own, part in vars(value).items():
                    if getattr(part, "__module__", "") == value.__name__:
                        found[f"{path}.{name}.{own}"] = part
    # What a decorator registers: its docstring is the summary of an experiment.
    builds = [experiments.find(name).build for name in experiments.names()]
    seen = {getattr(build, "func", build): None for build in builds}
    for name, value in found.items():
        public = not any(part.startswith("_") for part in name.split("."))
        if public and (inspect.isfunction(value) or inspect.isclass(value)):
            seen.setdefault(value, name)
    return {name: value for value, name in seen.items() if name}


def docstring(value):
    text = value.__doc__ or ""
    if inspect.isclass(value) and "__init__" in vars(value):
        text += f"\n\n{inspect.cleandoc(vars(value)['__init__'].__doc__ or '')}"
    return inspect.cleandoc(text)


def sections(text):
    """The indented lines under each heading, such as `Args:`."""
    found, heading = {}, ""
    for line in text.splitlines():
        if line and not line.startswith(" "):
            heading = line
        elif line:
            found.setdefault(heading, []).append(line)
    return {
        heading[:-1]: textwrap.dedent("\n".join(lines))
        for heading, lines in found.items()
        if heading.endswith(":")
    }


def described(text, headings=("Args", "Attributes")):
    """The names that stand before a colon under `Args:` or `Attributes:`."""
    parts = sections(text)
    entries = "\n".join(parts.get(heading, "") for heading in headings)
    heads = re.findall(r"^([\w*`][\w*`, ]*):", entries, re.MULTILINE)
    return {name.strip("*` ") for head in heads for name in head.split(",")}


def parameters(value):
    """Names in a signature, without what a base class outside of gankit takes."""
    if hasattr(value, "_fields"):  # a named tuple
        return list(value._fields)
    if inspect.isclass(value):
        if not getattr(value.__init__, "__module__", "").startswith("gankit"):
            return []
        value = functools.partial(value.__init__, None)
    names = inspect.signature(value).parameters
    return [name for name in names if not name.startswith("_")]


def own_nodes(function):
    """The nodes of a function, without those of functions within it."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    todo, nodes = list(tree.body), []
    while todo:
        node = todo.pop()
        nodes.append(node)
        if not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            todo += ast.iter_child_nodes(node)
    return nodes


def returns_something(function):
    return any(
        isinstance(node, ast.Return | ast.Yield) and node.value is not None
        for node in own_nodes(function)
    )


def errors(value):
    """Names of the exceptions that a function or a constructor raises by itself."""
    makers = [value]
    if inspect.isclass(value):
        makers = [vars(value).get(name) for name in ("__init__", "__post_init__")]
    found = set()
    for maker in filter(inspect.isfunction, makers):
        if maker.__code__.co_filename == "<string>":  # that of a data class
            continue
        for node in own_nodes(maker):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                found.add(ast.unparse(node.exc.func).split(".")[-1])
            if isinstance(node, ast.Call) and ast.unparse(node.func) in CHECKS:
                found.add("ValueError")
    return found


def lacking(public, what):
    """What each public name lacks, for those that lack something."""
    found = {name: what(value) for name, value in public.items()}
    return {name: each for name, each in found.items() if each}


def test_the_walk_sees_public_names(public):
    assert len(public) > 300
    assert parameters(public["gankit.losses.get"]) == ["name"]
    padding = public["gankit.layers.ReflectionPadding2D"]
    assert parameters(padding) == ["padding", "kwargs"]
    assert errors(padding) == {"ValueError"}
    assert "gankit.networks.dcgan.generator" in public
    assert all(map(docstring, public.values()))


def test_docstrings_describe_every_argument(public):
    assert not lacking(public, lambda v: {*parameters(v)} - described(docstring(v)))


def test_docstrings_describe_no_argument_that_is_gone(public):
    assert not lacking(
        public, lambda v: described(docstring(v), ["Args"]) - {*parameters(v)}
    )


def test_docstrings_say_what_functions_return(public):
    def is_silent(value):
        said = re.search(r"\b(Returns|Yields)\b", docstring(value))
        return inspect.isfunction(value) and returns_something(value) and not said

    assert not lacking(public, is_silent)


def test_docstrings_name_the_errors(public):
    def silent(value):
        raises = sections(docstring(value)).get("Raises", "")
        return {error for error in errors(value) if error not in raises}

    assert not lacking(public, silent)


def test_references_have_a_link(public):
    def without_link(value):
        parts = sections(docstring(value))
        texts = [parts.get(each) for each in ("Reference", "References")]
        # The five reports are not on the web.
        return [t for t in texts if t and not re.search(r"https?://|\breport\b", t)]

    assert not lacking(public, without_link)
