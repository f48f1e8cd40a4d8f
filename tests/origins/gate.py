"""A gate before a real server: whoever connects waits until it is opened, as
before a server that has not come up yet."""

import contextlib
import socket
import threading
import time


class Gate:
    """Takes connections, and passes bytes between them and `address` once it is
    open. Shut, it says nothing; refusing, it hangs up at once."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self._target = (host, int(port))
        self._changed = threading.Condition()
        self._state = "shut"
        self._sockets = []
        self.taken = 0  # connections
        self.first_taken = None  # when
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._spawn(self._accept)

    def open(self):
        self._be("open")

    def refuse(self):
        self._be("refusing")

    def stop(self):
        self._be("refusing")
        # Wakes the thread that accepts.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._changed:
            for end in self._sockets:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def _be(self, state):
        with self._changed:
            self._state = state
            self._changed.notify_all()

    @staticmethod
    def _spawn(run, *args):
        threading.Thread(target=run, args=args, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                end, _ = self._listener.accept()
                with self._changed:
                    self.taken += 1
                    if self.first_taken is None:
                        self.first_taken = time.monotonic()
                self._spawn(self._serve, end)

    def _serve(self, end):
        with self._changed:
            self._changed.wait_for(lambda: self._state != "shut")
            is_open = self._state == "open"
        with end:
            if not is_open:
                return
            with contextlib.suppress(OSError), \
                    socket.create_connection(self._target) as far:
                with self._changed:
                    self._sockets += [end, far]
                back = threading.Thread(target=self._pump, args=(far, end),
                                        daemon=True)
                back.start()
                self._pump(end, far)
                back.join()

    @staticmethod
    def _pump(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
