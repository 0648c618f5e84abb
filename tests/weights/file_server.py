"""A file server on this machine that can resume, break off and fail on request."""

from __future__ import annotations

import hashlib
import http.server
import threading


class FileServer:
    """Serves `content` by path on 127.0.0.1 with Range requests; `break_after` ends each answer after so many bytes."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.ranges = True
        self.break_after: int | None = None
        self.failures: list[int] = []
        #: The Range header of every request, None for one without.
        self.asked: list[str | None] = []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                self.answer(body=False)

            def do_GET(self) -> None:
                self.answer(body=True)

            def answer(self, body: bool) -> None:
                wanted = self.headers.get("Range")
                if body:
                    server.asked.append(wanted)
                content = server.content.get(self.path)
                if server.failures or content is None:
                    self.send_error(server.failures.pop(0) if server.failures else 404)
                    return
                start = 0
                if wanted and server.ranges:
                    start = int(wanted.removeprefix("bytes=").split("-")[0])
                    if start >= len(content):
                        self.send_error(416)
                        return
                self.send_response(206 if start else 200)
                if start:
                    self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
                self.send_header("Content-Length", str(len(content) - start))
                self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
                self.send_header("X-Repo-Commit", "0" * 40)
                self.end_headers()
                if body:
                    stop = len(content) if server.break_after is None else start + server.break_after
                    self.wfile.write(content[start:stop])
                    self.close_connection = stop < len(content)

            def log_message(self, *_: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """A client that hangs up is part of these tests."""

        self._http = Server(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
