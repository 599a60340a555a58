"""Tests for the progress bars: where they are shown, and that they end complete."""

import io
import sys
import types

import pytest

from gankit.backend.progress_bar import progress_bar


@pytest.fixture
def shown(monkeypatch):
    """What a notebook would show, after every update of its output."""
    updates = []
    handle = types.SimpleNamespace(update=lambda data, raw: updates.append(data))
    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: types.SimpleNamespace(kernel="one")
    ipython.display = types.ModuleType("IPython.display")
    ipython.display.display = lambda *_, **__: handle
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", ipython.display)
    return updates


def test_a_notebook_gets_one_line_of_plain_output(shown, capsys):
    assert list(progress_bar(range(3), desc="features", unit="image")) == [0, 1, 2]
    assert {*shown[-1]} == {"text/plain"}
    assert shown[-1]["text/plain"].startswith("features: 100%")
    assert "3/3" in shown[-1]["text/plain"]
    assert capsys.readouterr().err == ""


def test_a_disabled_bar_shows_nothing(shown, capsys):
    assert list(progress_bar(range(3), disable=True)) == [0, 1, 2]
    assert not shown and capsys.readouterr().err == ""


def test_a_log_file_gets_the_beginning_and_the_end(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress_bar(total=100, unit="step") as bar:
        for _ in range(100):
            bar.update(1)
    lines = sys.stderr.getvalue().split("\r")
    assert len(lines) <= 4 and "100/100" in lines[-1]
