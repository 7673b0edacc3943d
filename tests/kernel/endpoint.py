"""A node that can't be used: `endpoint.py MODE PORT REAL_URL`. other-chain: the real one under chain id 1. garbage: bytes that are no JSON, an answer cut off, HTML."""
import http.server
import itertools
import json
import sys
import urllib.request

MODE, PORT, REAL = sys.argv[1], int(sys.argv[2]), sys.argv[3]
GARBAGE = itertools.cycle([b"\xff\xfe\x00garbage", b'{"jsonrpc":"2.0","id":1,"result":', b"<html>502 Bad Gateway</html>", b"[]", b"null", b'{"jsonrpc":"2.0","id":1,"result":{"number":-1}}'])


def on_another_chain(request):
    """The real node's answer, but for the chain's id."""
    if isinstance(request, list):
        return [on_another_chain(each) for each in request]
    if request.get("method") in ("eth_chainId", "net_version"):
        return {"jsonrpc": "2.0", "id": request.get("id"), "result": "0x1"}
    forwarded = urllib.request.Request(REAL, json.dumps(request).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(forwarded, timeout=10) as answer:
        return json.load(answer)


class Node(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        answer = next(GARBAGE) if MODE == "garbage" else json.dumps(on_another_chain(json.loads(body))).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


with http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Node) as server:
    print("ready", flush=True)
    server.serve_forever()
