"""Answers port 22 of every address with an SSH banner, as a guest's sshd would. Run inside the host's namespace."""
import socket
import sys

listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("::", 22))
listener.listen(64)
print("ready", flush=True)
while True:
    guest, _ = listener.accept()
    with guest:
        try:
            guest.sendall(b"SSH-2.0-pretended\r\n")
        except OSError as error:
            print(error, file=sys.stderr, flush=True)
