"""Turns whatever a student's code does into a result or one sentence."""

import contextlib
import signal
import threading

_LONGEST = 160


class Misuse(ValueError):
    """Says what is wrong with an answer, in a sentence for the student."""


def guarded(call, seconds=60.0):
    """Calls what a student wrote, which may raise anything or never end.

    Args:
        call: Function without arguments.
        seconds: Limit of wall-clock time. It has no effect on Windows and in threads.

    Returns:
        `(result, "")`, or `(None, reason)` with the reason as a sentence.
    """
    try:
        with _time_limit(seconds):
            return call(), ""
    except Misuse as error:
        return None, str(error)
    except MemoryError:
        return None, "The answer needs more memory than allowed."
    except SyntaxError as error:
        return None, _sentence("The answer is not valid Python", error)
    except (Exception, SystemExit) as error:
        return None, _sentence("The answer raised an error", error)


@contextlib.contextmanager
def _time_limit(seconds):
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_):
        raise Misuse(f"It did not finish within {seconds:g} seconds.")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _sentence(what, error):
    words = f"{what}: {type(error).__name__}: {error}".split()
    text = " ".join(words).rstrip(".")
    return f"{text}." if len(text) < _LONGEST else f"{text[: _LONGEST - 3]}..."
