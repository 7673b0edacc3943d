"""start_worker.py SOCKET INSTANCE: asks blockhost-launch for a worker, as blockhostd does (docs/contracts.md, section 2), and prints what its watcher reports
first (kernel/worker/report.hpp) with how it is limited. What stands for the plugin's file is empty: nothing is loaded, the sandbox comes first."""
import json
import os
import socket
import struct
import sys

peer = socket.socket(socket.AF_UNIX)
peer.settimeout(60)
peer.connect(sys.argv[1])
control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
report, reports = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
report.settimeout(60)
body = json.dumps({"id": 1, "verb": "worker_start", "args": {"instance": sys.argv[2]}}).encode()
socket.send_fds(peer, [struct.pack("<I", len(body)) + body], [theirs.fileno(), reports.fileno(), os.memfd_create("plugin")])
size, = struct.unpack("<I", peer.recv(4, socket.MSG_WAITALL))
answer = json.loads(peer.recv(size, socket.MSG_WAITALL))
if "error" in answer:
    sys.exit(answer["error"]["message"])
theirs.close()
reports.close()
kind, value, text = struct.unpack("<II504s", report.recv(1024))
print(json.dumps({**answer["ok"], "kind": kind, "value": value, "text": text.split(b"\0")[0].decode()}))
