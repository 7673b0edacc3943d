#!/usr/bin/env python3
"""The reference of the ABI, from the comments of its headers.

  reference.py print INCLUDE_DIR         -> Markdown on stdout
  reference.py check INCLUDE_DIR PAGE    -> exit 1 if PAGE is not that

After a change of a header: reference.py print plugin-api/include > docs/plugins/reference.md"""
import pathlib
import re
import sys

HEAD = """# Reference of the plugin ABI

Made from the headers under `plugin-api/include/blockhost` by `plugin-api/tools/reference.py`; do not edit. The word in brackets behind a function says
on which threads it is called: see [plugin.h](#pluginh). Every function is `noexcept`; nothing may unwind across one.
"""
# Boilerplate that says nothing to a reader.
IGNORED = re.compile(r'^(#if|#else|#endif|#include|#define BH_\w+_H$|extern "C" \{|\}$|\s*$)')


def paragraphs(comment):
    """The paragraphs of a comment, each on one line; what is indented further keeps its lines, with four spaces before them."""
    text = re.sub(r"^/\*+ ?|\s*\*+/$", "", comment.strip())
    lines = [re.sub(r"^\s*\*+ ?", "", line).rstrip() for line in text.splitlines()]
    out, now = [], []

    def close():
        if now:
            out.append(" ".join(now))
            now.clear()

    for line in lines:
        if not line:
            close()
        elif re.match(r"  +\S", line):
            close()
            row = "    " + line[2:]
            if out and out[-1].startswith("    "):
                out[-1] += "\n" + row
            else:
                out.append(row)
        else:
            now.append(line.strip())
    close()
    return out


def prose(comment):
    found = paragraphs(comment) if comment else []
    return "\n\n".join(found) + "\n" if found else ""


def pieces(text):
    """(comment above, code) of each declaration of a header, comments behind code kept in the code."""
    comment, code, depth = "", [], 0
    lines = iter(text.splitlines())
    for line in lines:
        if depth == 0 and not code and line.startswith("/*"):
            comment = line
            while "*/" not in line:
                line = next(lines)
                comment += "\n" + line
            continue
        if depth == 0 and not code and IGNORED.match(line):
            if not line.strip():
                yield comment, ""
                comment = ""
            continue
        code.append(line)
        depth += line.count("{") - line.count("}")
        if depth == 0 and (line.rstrip().endswith(";") or (line.startswith("#define") and not line.endswith("\\")) or
                           (code[0].startswith("#define") and not line.endswith("\\")) or re.search(r";\s*/\*.*\*/$", line)):
            yield comment, "\n".join(code)
            comment, code = "", []
    if comment:
        yield comment, ""


def members(body):
    """(comment, declaration) of each member of a struct."""
    comment, code, inside = "", "", False
    for line in body.splitlines():
        text = line.strip()
        if not code and (text.startswith("/*") or inside):
            comment = text if text.startswith("/*") and not inside else comment + "\n" + text
            inside = "*/" not in text
        elif text:
            code = f"{code} {text}".strip()
            if re.search(r";\s*(/\*.*\*/)?$", text) or (code.count("/*") == code.count("*/") and text.endswith(";")):
                yield comment, code
                comment, code = "", ""


def struct(name, comment, body):
    out = f"### `{name}`\n" + (f"\n{prose(comment)}" if comment else "")
    fields, functions = [], []
    for above, code in members(body):
        function = re.search(r"\(\*(\w+)\)\(", code)
        behind = re.search(r"/\*(.*)\*/", code)
        declaration = re.sub(r"\s*/\*.*\*/", "", code).replace(" BH_NOEXCEPT", "")
        if function:
            functions.append(f"\n**`{function[1]}`**\n\n```c\n{declaration}\n```\n\n{prose(above)}")
        else:
            # A field may have its comment above, behind, or none.
            note = " ".join([*paragraphs(above), *(paragraphs("/*" + behind[1] + "*/") if behind else [])])
            fields.append(f"| `{declaration.rstrip(';')}` | {note.replace('|', chr(92) + '|')} |")
    if fields:
        out += "\n| field | |\n|---|---|\n" + "\n".join(fields) + "\n"
    return out + "".join(functions)


def header(path, include):
    name = str(path.relative_to(include / "blockhost"))
    out, first = f"\n## {name}\n\n", True
    for comment, code in pieces(path.read_text(encoding="utf-8")):
        found = re.match(r"typedef struct (\w+) \{(.*)\} \w+;$", code, re.S)
        if first and comment and not code:
            text = prose(re.sub(r"/\* blockhost/\S+ - ", "/* ", comment))
            out += text[:1].upper() + text[1:]
            first = False
        elif found:
            out += "\n" + struct(found[1], comment, found[2])
        elif code:
            out += "\n" + prose(comment) + ("\n" if comment else "") + f"```c\n{code}\n```\n"
        elif comment:
            out += "\n" + prose(comment)
    return out


def page(include):
    include = pathlib.Path(include)
    names = re.findall(r'#include "(.*)"', (include / "blockhost/blockhost.h").read_text(encoding="utf-8"))
    order = sorted(names, key=lambda name: (["base.h", "plugin.h", "kernel.h", "call.h"].index(name) if "/" not in name else
                                            4 + ["kind", "ext", "svc"].index(name.split("/")[0]), name))
    order.append("codec.h")  # of the signer, not of the kernel
    return HEAD + "".join(header(include / "blockhost" / name, include) for name in order)


def main(arguments):
    if len(arguments) < 2 or arguments[0] not in ("print", "check"):
        print(__doc__)
        return 2
    text = page(arguments[1])
    if arguments[0] == "print":
        print(text, end="")
        return 0
    same = pathlib.Path(arguments[2]).read_text(encoding="utf-8") == text
    print("ok" if same else f"{arguments[2]} is not what the headers say: see the head of this file")
    return int(not same)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
