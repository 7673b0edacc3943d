#!/usr/bin/env python3
"""Every ABI header alone, and the layout facts, in each language version of each compiler. Usage: header_matrix.py ROOT
[COMPILER...]; without compilers: every gcc and clang that is installed, at least one of each. A spelling that a compiler does
not know yet is listed as skipped; C99 to C17 and C++11 to C++20 must be known."""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys

# Oldest first; of several spellings the first that the compiler knows.
C = [["c99"], ["c11"], ["c17"], ["c23", "c2x"], ["c2y"]]
CXX = [["c++11"], ["c++14"], ["c++17"], ["c++20"], ["c++23", "c++2b"], ["c++26", "c++2c"], ["c++29", "c++2d"]]
MUST = {"c99", "c11", "c17", "c++11", "c++14", "c++17", "c++20"}
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]


def installed():
    """One name for each compiler there is."""
    found = {}
    for folder in os.environ["PATH"].split(":"):
        for path in sorted(pathlib.Path(folder).glob("*")) if pathlib.Path(folder).is_dir() else ():
            if re.fullmatch(r"(gcc|clang)(-\d+)?", path.name):
                found.setdefault(os.path.realpath(path), path.name)
    return sorted(found.values())


def language(standard):
    return "c++" if standard.startswith("c++") else "c"


def knows(compiler, standard):
    return subprocess.run([compiler, f"-std={standard}", "-x", language(standard), "-fsyntax-only", "-"], input="int x;",
                          capture_output=True, text=True, check=False).returncode == 0


def compile_all(root, compiler, standard):
    include = root / "plugin-api/include"
    headers = sorted(str(path) for path in include.rglob("*.h"))
    # static_assert is a word of C11 and C++11, so the layout facts are for those and later.
    layout = [str(root / "plugin-api/tests/layout.c")] if standard != "c99" else []
    command = [compiler, f"-std={standard}", *WARNINGS, f"-I{include}", "-x", language(standard), *headers, *layout]
    if "clang" in compiler:
        command.insert(1, "-Wno-pragma-once-outside-header")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"{compiler} -std={standard}: {len(headers)} headers", done.returncode, done.stderr


def row(root, compiler, spellings):
    """(text, failed?)"""
    standard = next((name for name in spellings if knows(compiler, name)), None)
    if standard is None:
        missing = spellings[0] in MUST
        return f"{'FAIL' if missing else 'skip'} {compiler} -std={spellings[0]}: it does not know this version\n", missing
    name, code, errors = compile_all(root, compiler, standard)
    return f"{'ok  ' if code == 0 else 'FAIL'} {name}\n{errors}", code != 0


def main(root, compilers):
    missing = [kind for kind in ("gcc", "clang") if not any(kind in name for name in compilers)]
    missing += [name for name in compilers if not shutil.which(name)]
    if missing:
        print(f"missing: {', '.join(missing)}")
        return 1
    jobs = [(root, compiler, spellings) for compiler in compilers for spellings in C + CXX]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda job: row(*job), jobs))
    print("".join(text for text, _ in results), end="")
    return int(any(failed for _, failed in results))


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:] or installed()))
