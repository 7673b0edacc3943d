"""Speaks the message protocol of docs/contracts.md, section 2: `ask.py SOCKET`, requests as JSON lines on stdin, replies as JSON lines.

A line that is a JSON text and no object is sent as raw bytes (hex) without a frame of ours. "closed" is printed when the peer ends the connection.
"""
import json
import socket
import struct
import sys


def exactly(peer: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = peer.recv(size - len(data))
        if not part:
            raise ConnectionError
        data += part
    return data


def ask(path: str, lines: list[str]) -> list:
    answers = []
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(20)
        try:
            peer.connect(path)
        except PermissionError:
            return ["no permission"]
        try:
            for line in lines:
                request = json.loads(line)
                if isinstance(request, str):
                    peer.sendall(bytes.fromhex(request))
                else:
                    body = json.dumps(request).encode()
                    peer.sendall(struct.pack("<I", len(body)) + body)
                size = struct.unpack("<I", exactly(peer, 4))[0]
                answers.append(json.loads(exactly(peer, size)))
        except (ConnectionError, BrokenPipeError):
            answers.append("closed")
    return answers


if __name__ == "__main__":
    for answer in ask(sys.argv[1], sys.stdin.read().splitlines()):
        print(json.dumps(answer))
