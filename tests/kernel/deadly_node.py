"""A real node whose client dies in the middle of a request: `deadly_node.py PORT REAL_URL UID`.

A line "METHOD before" or "METHOD after" on its input: the next request with that method kills every process of the user UID before, or after, the real node has had it; the answer is never sent.
It says "killed METHOD" then.
"""
import http.server
import os
import signal
import sys
import threading
import urllib.request

PORT, REAL, UID = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
lock = threading.Lock()
armed: tuple[str, str] | None = None


def kill_client() -> None:
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.stat(f"/proc/{pid}").st_uid == UID:
                os.kill(int(pid), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            continue


def moment_of(body: bytes) -> tuple[str, str] | None:
    """Takes what is armed, if this request is the one."""
    global armed
    with lock:
        if armed is None or f'"{armed[0]}"'.encode() not in body:
            return None
        taken, armed = armed, None
        return taken


def forward(body: bytes) -> bytes:
    request = urllib.request.Request(REAL, body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.read()


class Node(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        moment = moment_of(body)
        if moment is None:
            answer = forward(body)
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
            return
        if moment[1] == "after":
            forward(body)
        kill_client()
        self.close_connection = True
        print(f"killed {moment[0]}", flush=True)

    def log_message(self, *_) -> None:
        pass


def listen_to_orders() -> None:
    global armed
    for line in sys.stdin:
        with lock:
            method, when = line.split()
            armed = (method, when)
        print("armed", flush=True)


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_) -> None:
        pass  # a client that was killed hangs up


with Server(("127.0.0.1", PORT), Node) as server:
    threading.Thread(target=listen_to_orders, daemon=True).start()
    print("ready", flush=True)
    server.serve_forever()
