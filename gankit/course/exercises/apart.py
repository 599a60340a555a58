"""Work in a process of its own, with limits of time and memory and no network.

On Linux, where the system allows it, the process gets network and process namespaces
of its own (`unshare`): there is no network in it, it cannot signal anything outside,
and whatever it starts ends with it. Where the system does not allow that, sockets, new
processes and signals are refused by an audit hook, which Python code cannot remove. In
both cases it can read and write files as the teacher can: grade in a container or as a
user without anything to lose if that matters.
"""

import ctypes
import json
import os
import resource
import select
import signal
import sys
import time

_NEW_USER, _NEW_PROCESSES, _NEW_NETWORK = 0x10000000, 0x20000000, 0x40000000
_PARENT_DEATH_SIGNAL = 1
_LARGEST_MESSAGE = 64 * 2**20
_LARGEST_FILE = 64 * 2**20
_REFUSED = ("socket.", "subprocess.", "os.fork", "os.exec", "os.spawn", "os.kill")
_REFUSED += ("os.posix_spawn", "os.system", "pty.spawn", "signal.pthread_kill")


def call_apart(work, seconds, memory):
    """Calls a function in a fork of this process.

    Args:
        work: Function of nothing; returns what `json.dumps` takes.
        seconds: Most seconds, by the clock.
        memory: Most bytes that it may take, beside what this process has.

    Returns:
        `(result, None)`, or `(None, reason)` with the reason as a sentence.
    """
    reader, writer = os.pipe()
    until = time.monotonic() + seconds
    process = os.fork()
    if process == 0:
        os.close(reader)
        try:
            os.setsid()
            _work_alone(work, writer, memory)
        finally:
            os._exit(1)
    os.close(writer)
    received, in_time = _receive(reader, until)
    os.close(reader)
    status = _end(process, until if in_time else 0)
    if not in_time:
        return None, f"It did not end within {seconds:g} seconds."
    try:
        return json.loads(received), None
    except ValueError:
        return None, _how(status, received)


def _receive(reader, until):
    received = b""
    while (left := until - time.monotonic()) > 0:
        if select.select([reader], [], [], left)[0]:
            piece = os.read(reader, 2**16)
            received += piece
            if not piece or len(received) > _LARGEST_MESSAGE:
                return received, True
    return received, False


def _end(process, until):
    """Waits for the process, kills it and its group, and returns how it ended."""
    while True:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended or time.monotonic() > until:
            break
        time.sleep(0.005)
    try:
        os.killpg(process, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    return status if ended else os.waitpid(process, 0)[1]


def _how(status, received):
    code = os.waitstatus_to_exitcode(status)
    number = -code if code < 0 else code - 128
    if number in signal.valid_signals():
        return f"It was ended by {signal.Signals(number).name} before the check."
    if received:
        return "It wrote something else where the result goes."
    return f"It left Python with exit code {code} before the check."


def _work_alone(work, writer, memory):
    _end_with_parent()
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    # Or the answer could write to whoever reads what this process writes.
    os.closerange(3, writer)
    os.closerange(writer + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    if unshare():
        # The first process of a namespace is the next fork.
        inner = os.fork()
        if inner:
            os.close(writer)
            code = os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1])
            os._exit(code if code >= 0 else 128 - code)
        _end_with_parent()
    else:
        refuse()
    for what, most in (
        (resource.RLIMIT_AS, _taken() + memory),
        (resource.RLIMIT_FSIZE, _LARGEST_FILE),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    message = json.dumps(work()).encode()
    while message:
        message = message[os.write(writer, message) :]
    os._exit(0)


def _end_with_parent():
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def _taken():
    """Bytes of address space of this process; 0 where the system does not say."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def unshare():
    """Leaves the network and the processes of the system, if that is allowed.

    Returns:
        Whether it did.
    """
    if not sys.platform.startswith("linux"):
        return False
    call = ctypes.CDLL(None, use_errno=True).unshare
    apart = _NEW_NETWORK | _NEW_PROCESSES
    # With users of its own, root too loses its power over processes outside.
    return call(apart | _NEW_USER) == 0 or call(apart) == 0


def refuse():
    """Makes Python refuse sockets, new processes and signals from now on."""

    def hook(event, arguments):
        if event.startswith(_REFUSED):
            raise PermissionError(f"{event} is not allowed while grading")

    sys.addaudithook(hook)
