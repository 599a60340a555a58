"""Calls a function in a process with limits of time and memory and without network.

On Linux, where the system allows it, the process gets its own network and process
namespaces (`unshare`). It then has no network, it cannot signal any process outside,
and every process that it starts ends with it. Where the system does not allow that, an
audit hook, which Python code cannot remove, refuses sockets, new processes and signals.
In both cases the process can read and write the teacher's files: if that matters,
grade in a container or as a user with nothing to lose.
"""

import contextlib
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


def call_in_sandbox(function, seconds, memory):
    """Calls a function in a fork of this process.

    Args:
        function: Takes no arguments; returns what `json.dumps` accepts.
        seconds: Limit of wall-clock time.
        memory: Limit of bytes on top of what this process has.

    Returns:
        `(result, None)`, or `(None, reason)` with the reason as a sentence.
    """
    reader, writer = os.pipe()
    deadline = time.monotonic() + seconds
    process = os.fork()
    if process == 0:
        os.close(reader)
        try:
            os.setsid()
            _run_child(function, writer, memory)
        finally:
            os._exit(1)
    os.close(writer)
    message, in_time = _receive(reader, deadline)
    os.close(reader)
    status = _stop(process, deadline if in_time else 0)
    if not in_time:
        return None, f"It did not finish within {seconds:g} seconds."
    try:
        return json.loads(message), None
    except ValueError:
        return None, _reason(status, message)


def _receive(reader, deadline):
    message = b""
    while (left := deadline - time.monotonic()) > 0:
        if select.select([reader], [], [], left)[0]:
            piece = os.read(reader, 2**16)
            message += piece
            if not piece or len(message) > _LARGEST_MESSAGE:
                return message, True
    return message, False


def _stop(process, deadline):
    """Waits for the process, kills it and its group, and returns its exit status."""
    while True:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended or time.monotonic() > deadline:
            break
        time.sleep(0.005)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process, signal.SIGKILL)
    return status if ended else os.waitpid(process, 0)[1]


def _reason(status, message):
    code = os.waitstatus_to_exitcode(status)
    number = -code if code < 0 else code - 128
    if number in signal.valid_signals():
        name = signal.Signals(number).name
        return f"It was stopped by {name} before the check finished."
    if message:
        return "It wrote something other than the check's result to the grader."
    return f"Python exited with code {code} before the check finished."


def _run_child(function, writer, memory):
    _end_with_parent()
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    # Otherwise the answer could write to whatever this process has open.
    os.closerange(3, writer)
    os.closerange(writer + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    if unshare():
        # The new process namespace begins with the next fork.
        inner = os.fork()
        if inner:
            os.close(writer)
            code = os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1])
            os._exit(code if code >= 0 else 128 - code)
        _end_with_parent()
    else:
        refuse()
    for what, most in (
        (resource.RLIMIT_AS, _address_space() + memory),
        (resource.RLIMIT_FSIZE, _LARGEST_FILE),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    message = json.dumps(function()).encode()
    while message:
        message = message[os.write(writer, message) :]
    os._exit(0)


def _end_with_parent():
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def _address_space():
    """Bytes of this process's address space; 0 where the system does not say."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def unshare():
    """Leaves the system's network and process namespaces, if that is allowed.

    Returns:
        Whether it was allowed.
    """
    if not sys.platform.startswith("linux"):
        return False
    call = ctypes.CDLL(None, use_errno=True).unshare
    namespaces = _NEW_NETWORK | _NEW_PROCESSES
    # In a user namespace even root loses its power over processes outside.
    return call(namespaces | _NEW_USER) == 0 or call(namespaces) == 0


def refuse():
    """Makes Python refuse sockets, new processes and signals from now on."""

    def hook(event, arguments):
        if event.startswith(_REFUSED):
            raise PermissionError(f"{event} is not allowed while grading")

    sys.addaudithook(hook)
