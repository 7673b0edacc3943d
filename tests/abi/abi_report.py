#!/usr/bin/env python3
"""What libabigail's abidiff says about the headers since each frozen draft. Usage: abi_report.py ROOT OUT

Writes OUT/abidiff-DRAFT.txt for each tests/abi/frozen/DRAFT, and OUT/abidiff-next.txt: the newest of them against the next minor that
crossload/next.py makes of it, which shows that the report sees what grows. A report for whoever reviews a release, not a gate: the
gate is gate_test.py, which knows what may grow. Needs gcc and abidiff (Debian: abigail-tools)."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

USAGE_ERROR = 3  # bits of abidiff's exit code: an error, wrong usage


def library(include, out):
    """A shared object with one variable of each struct, and with the debug information that abidiff reads."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(include.rglob("*.h")))
    names = sorted(set(re.findall(r"typedef struct (bh_\w+) \{", text)))
    source = "#include <blockhost/blockhost.h>\n" + "\n".join(f"{name} of_{name};" for name in names)
    subprocess.run(["gcc", "-std=c11", "-g", "-shared", "-fPIC", f"-I{include}", "-x", "c", "-", "-o", str(out)],
                   input=source, text=True, check=True)
    return out


def report(old, new, path):
    with tempfile.TemporaryDirectory() as folder:
        files = [str(library(include, pathlib.Path(folder) / f"{name}.so")) for name, include in (("old", old), ("new", new))]
        done = subprocess.run(["abidiff", "--harmless", *files], capture_output=True, text=True, check=False)
        if done.returncode & USAGE_ERROR:
            raise SystemExit(f"abidiff: {done.stderr or done.stdout}")
        text = done.stdout.replace(folder + "/", "") or "No difference.\n"
        path.write_text(text, encoding="utf-8")
        print(f"{path}: {'no difference' if done.returncode == 0 else 'differences'}")
        return done.returncode


def main(root, out):
    if not shutil.which("abidiff"):
        raise SystemExit("abidiff is missing: install abigail-tools")
    out.mkdir(parents=True, exist_ok=True)
    frozen = sorted((root / "tests/abi/frozen").iterdir())
    for draft in frozen:
        report(draft / "include", root / "plugin-api/include", out / f"abidiff-{draft.name}.txt")
    with tempfile.TemporaryDirectory() as folder:
        include = frozen[-1] / "include"
        subprocess.run([sys.executable, str(root / "tests/abi/crossload/next.py"), str(root), str(include), folder], check=True)
        if report(include, pathlib.Path(folder) / "include", out / "abidiff-next.txt") == 0:
            raise SystemExit("abidiff sees no difference where there is one")


if __name__ == "__main__":
    main(*(pathlib.Path(argument).resolve() for argument in sys.argv[1:3]))
