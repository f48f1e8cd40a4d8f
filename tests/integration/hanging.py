"""A thread of a server that hangs, as no signal could make it."""

import ctypes
import os
import pathlib

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WALL = 0x40000000  # __WALL: wait for threads too
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p,
                         ctypes.c_void_p]


def _ptrace(request, tid):
    if _libc.ptrace(request, tid, None, None) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def hanging_thread(test, server, name):
    """Stops the thread of that name, until the test ends or it may go on."""
    for task in pathlib.Path(f"/proc/{server.process.pid}/task").iterdir():
        if (task / "comm").read_text().strip() == name:
            try:
                thread = HangingThread(int(task.name))
            except PermissionError:
                test.skipTest("threads may not be traced here")
            # Or the server could not end.
            test.addCleanup(thread.go_on)
            return thread
    raise AssertionError(f"it has no thread {name}")


class HangingThread:
    def __init__(self, tid):
        _ptrace(PTRACE_SEIZE, tid)
        _ptrace(PTRACE_INTERRUPT, tid)
        os.waitpid(tid, WALL)
        self._tid = tid

    def go_on(self):
        """Once; from then on it does nothing."""
        if self._tid:
            _ptrace(PTRACE_DETACH, self._tid)
        self._tid = None
