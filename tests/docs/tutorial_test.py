#!/usr/bin/env python3
"""Runs the commands of a page as they stand. Usage: tutorial_test.py PAGE FOLDER

Every ```sh block is run, one after the other in one shell that stops at the first failure; each line of a ```text block must stand in the
output of the block before it. FOLDER is emptied first. The environment is the caller's."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
MARK = "=== the end of block"


def blocks(text):
    """(commands, lines that their output must have) for each block of commands."""
    found = []
    for kind, body in BLOCK.findall(text):
        if kind == "sh":
            found.append((body, []))
        elif kind == "text":
            assert found and not found[-1][1], "an output without commands above it"
            found[-1][1].extend(line for line in body.splitlines() if line.strip())
        else:
            raise AssertionError(f"a block of the kind {kind}: nobody runs it")
    return found


def main(page, folder):
    text = pathlib.Path(page).read_text(encoding="utf-8")
    found = blocks(text)
    assert len(found) >= 5, f"{page} has {len(found)} blocks of commands: was its form changed?"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    script = "set -eu\n" + "".join(f"{commands}\necho '{MARK} {i}'\n" for i, (commands, _) in enumerate(found))
    done = subprocess.run(["bash", "-c", script], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    pieces = re.split(rf"^{MARK} \d+$\n?", done.stdout, flags=re.M)
    if done.returncode != 0:
        print(f"block {len(pieces)} of {len(found)} failed:\n{found[len(pieces) - 1][0]}\n{pieces[-1]}")
        return 1
    missing = [(i, line) for i, (_, lines) in enumerate(found) for line in lines if line not in pieces[i]]
    for i, line in missing:
        print(f"block {i + 1} does not print {line!r}, but:\n{pieces[i]}")
    print(f"{len(found)} blocks run")
    return int(bool(missing))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
