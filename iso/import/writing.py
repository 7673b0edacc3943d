"""Writes a set of new files: all of them, none over another's, secrets never readable by others for a moment."""
import dataclasses
import os
import pathlib


class Refused(Exception):
    """What is wrong, and what to do."""


@dataclasses.dataclass
class File:
    path: pathlib.Path
    content: bytes
    mode: int
    owner: tuple = (-1, -1)  # user, group; -1: as they come
    secret: bool = False
    origin: str = ""


def refuse_existing(files):
    there = [str(file.path) for file in files if os.path.lexists(file.path)]
    if there:
        raise Refused(f"{', '.join(there)} {'is' if len(there) == 1 else 'are'} there already and would be replaced: move {'it' if len(there) == 1 else 'them'} away, or import into another directory with --to")


def _make_directory(path, mode, made):
    if path.is_dir():
        return
    _make_directory(path.parent, 0o755, made)
    path.mkdir(mode=mode)
    made.append(path)


def write_all(files):
    """Beside their places first, so that a full disk leaves nothing half done; then all are put in place. What is there
    already, or appears meanwhile, is not replaced (link, not rename)."""
    waiting, placed, made = [], [], []
    try:
        for file in files:
            _make_directory(file.path.parent, 0o750, made)
            beside = file.path.with_name(f".{file.path.name}.importing")
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            waiting.append(beside)
            with os.fdopen(handle, "wb") as out:
                out.write(file.content)
                os.fchown(out.fileno(), *file.owner)
                os.fchmod(out.fileno(), file.mode)
                out.flush()
                os.fsync(out.fileno())
        for file, beside in zip(files, waiting):
            os.link(beside, file.path, follow_symlinks=False)
            placed.append(file.path)
    except OSError as error:
        for path in placed:
            path.unlink()
        raise Refused(f"{error.filename2 or error.filename or 'a file'} can't be written: {error.strerror}; nothing was written") from None
    finally:
        for beside in waiting:
            beside.unlink(missing_ok=True)
        if not placed or len(placed) < len(files):
            for path in reversed(made):
                if path.is_dir() and not any(path.iterdir()):
                    path.rmdir()
