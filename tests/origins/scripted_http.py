"""An HTTP server that answers as a test tells it, and remembers what it was
asked."""

import http.server
import threading
import time


class ScriptedHttp:
    """`script(number, path)` gives (status, body) for the request of that
    number, counted from 1. It runs on a thread for each connection."""

    def __init__(self, script):
        self.requests = []  # (when, path), in the order of their coming
        self._lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 65536  # an answer is one write

            def do_GET(self):  # pylint: disable=invalid-name
                with outer._lock:
                    outer.requests.append((time.monotonic(), self.path))
                    number = len(outer.requests)
                status, body = script(number, self.path)
                body = body.encode()
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    self.close_connection = True  # nobody waits any more

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.address = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,),
                         daemon=True).start()

    def paths(self):
        with self._lock:
            return [path for _, path in self.requests]

    def times(self):
        with self._lock:
            return [when for when, _ in self.requests]

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
