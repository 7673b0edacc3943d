"""One QEMU guest of the built image, as the QEMU plugin starts it, without KVM; its guest channel and its QMP socket."""
import json
import os
import pathlib
import socket
import subprocess
import time
import zlib

MAC = "52:54:00:12:34:56"
TAP = "bhtest0"


def connect(path, deadline):
    while True:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(path))
            return connection
        except OSError:
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


class GuestChannel:
    """guest-frame-1, the host's side, written from its specification."""

    def __init__(self, path, deadline):
        self.socket, self.buffer, self.nonce = connect(path, deadline), b"", 0

    def close(self):
        self.socket.close()

    def ask(self, request, seconds):
        """The answer, or None when there was none in time."""
        self.nonce += 1
        payload = json.dumps(request).encode()
        head = b"q%016x%04x" % (self.nonce, len(payload))
        self.socket.sendall(b"\xffBHG1" + head + b"%08x" % zlib.crc32(head + payload) + payload)
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                return None
            if not data:
                raise EOFError("QEMU ended")
            self.buffer += data
            if (answer := self._take()) is not None:
                return answer
        return None

    def _take(self):
        while (start := self.buffer.find(b"\xff")) >= 0:
            frame = self.buffer[start:]
            if len(frame) < 34 or len(frame) < 34 + int(frame[22:26], 16):
                return None
            size = int(frame[22:26], 16)
            payload, self.buffer = frame[34:34 + size], frame[34 + size:]
            assert int(frame[26:34], 16) == zlib.crc32(frame[5:26] + payload), "checksum"
            if frame[1:6] == b"BHG1a" and int(frame[6:22], 16) == self.nonce:
                return json.loads(payload)
        self.buffer = b""
        return None

    def call(self, kind, **fields):
        """Asks until it is answered."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if answer := self.ask({"v": 1, "type": kind, **fields}, 3):
                return answer
        raise TimeoutError(f"no answer to {kind}")


class GuestVm:
    def __init__(self, directory, image, disk, seed):
        self.directory = pathlib.Path(directory)
        for name in ("guest.sock", "qmp.sock"):
            (self.directory / name).unlink(missing_ok=True)
        self.console = self.directory / "console.log"
        tap = os.open("/dev/net/tun", os.O_RDWR)
        self._attach(tap)
        self.started = time.monotonic()
        self.process = subprocess.Popen(self._command(image, disk, seed, tap), pass_fds=[tap])
        os.close(tap)

    @staticmethod
    def _attach(tap):
        import fcntl
        import struct
        tunsetiff, iff_tap, iff_no_pi, iff_vnet_hdr = 0x400454CA, 0x0002, 0x1000, 0x4000
        fcntl.ioctl(tap, tunsetiff, struct.pack("16sH14x", TAP.encode(), iff_tap | iff_no_pi | iff_vnet_hdr))

    def _command(self, image, disk, seed, tap):
        sockets = self.directory
        return ["qemu-system-x86_64", "-no-user-config", "-nodefaults", "-display", "none", "-machine", "q35,vmport=off,sata=off",
                "-accel", "tcg,thread=multi,tb-size=64", "-cpu", "max", "-smp", "1", "-m", "512", "-rtc", "base=utc",
                "-kernel", image["kernel"], "-initrd", image["initrd"], "-append", image["cmdline"],
                "-blockdev", f"driver=qcow2,file.driver=file,file.filename={disk},node-name=vol0",
                "-device", "virtio-blk-pci,drive=vol0,bootindex=1",
                "-blockdev", f"driver=raw,read-only=on,file.driver=file,file.filename={seed},node-name=seed",
                "-device", "virtio-blk-pci,drive=seed",
                "-netdev", f"tap,id=net0,fd={tap},vhost=off", "-device", f"virtio-net-pci,netdev=net0,romfile=,mac={MAC}",
                "-object", "rng-random,id=rng0,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=rng0",
                "-chardev", f"socket,id=guest,path={sockets}/guest.sock,server=on,wait=off", "-device", "virtio-serial-pci",
                "-device", "virtserialport,chardev=guest,name=org.blockhost.guest.0",
                "-chardev", f"file,id=console,path={self.console}", "-serial", "chardev:console",
                "-chardev", f"socket,id=qmp,path={sockets}/qmp.sock,server=on,wait=off", "-mon", "chardev=qmp,mode=control"]

    def channel(self):
        return GuestChannel(self.directory / "guest.sock", time.monotonic() + 10)

    def power_button(self):
        with connect(self.directory / "qmp.sock", time.monotonic() + 10) as qmp:
            lines = qmp.makefile("rwb")
            lines.readline()
            for command in ("qmp_capabilities", "system_powerdown"):
                lines.write(json.dumps({"execute": command}).encode() + b"\n")
                lines.flush()
                while "return" not in json.loads(lines.readline()):
                    pass

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def log(self):
        return self.console.read_text(errors="replace") if self.console.exists() else ""
