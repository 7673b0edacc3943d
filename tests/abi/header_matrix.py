#!/usr/bin/env python3
"""Every ABI header alone, and the layout facts, in each language version of each compiler. Usage: header_matrix.py ROOT
[COMPILER...]; without compilers: gcc and clang, both needed."""
import concurrent.futures
import pathlib
import shutil
import subprocess
import sys

C = ["c99", "c11", "c17", "gnu2x"]
CXX = ["c++11", "c++14", "c++17", "c++20", "c++23"]
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]


def clang():
    return next((name for name in ("clang-19", "clang-20", "clang-21", "clang") if shutil.which(name)), "clang-19")


def compile_all(root, compiler, standard):
    include = root / "plugin-api/include"
    headers = sorted(str(path) for path in include.rglob("*.h"))
    language = "c++" if standard.startswith("c++") else "c"
    # static_assert is a word of C11 and C++11, so the layout facts are for those and later.
    layout = [str(root / "plugin-api/tests/layout.c")] if standard != "c99" else []
    command = [compiler, f"-std={standard}", *WARNINGS, f"-I{include}", "-x", language, *headers, *layout]
    if compiler.startswith("clang"):
        command.insert(1, "-Wno-pragma-once-outside-header")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"{compiler} -std={standard}: {len(headers)} headers", done.returncode, done.stderr


def main(root, compilers):
    missing = [name for name in compilers if not shutil.which(name)]
    if missing:
        print(f"missing: {', '.join(missing)}")
        return 1
    jobs = [(root, compiler, standard) for compiler in compilers for standard in C + CXX]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda job: compile_all(*job), jobs))
    for name, code, errors in results:
        print(f"{'ok  ' if code == 0 else 'FAIL'} {name}\n{errors}", end="")
    return int(any(code for _, code, _ in results))


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:] or ["gcc", clang()]))
