"""The existing system's configuration, read. Names of its files and keys; meaning is given to them by translate.py.
No message shows a value: any of them may be a secret."""
import dataclasses
import json
import pathlib
import stat

import yaml

MAX_BYTES = 1 << 20
YAML_FILES = ("blockhost.yaml", "web3-defaults.yaml", "db.yaml")
JSON_FILES = ("addressbook.json", "revenue-share.json", "admin-commands.json", "broker-allocation.json", "broker-contract.json",
              "broker-chains.json", "https.json", "admin.json")
SECRET_FILES = ("server.key", "deployer.key", "hot.key", "admin-signature.key", "pve-token", "terraform_ssh_key", "terraform_ssh_key.pub")
OTHERS = ("network-mode", "network-modes.available", "network-modes.enabled")
# Ours, which may live in the same directory.
OURS = ("kernel.yaml", "signer.yaml", "netd.yaml", "launch.yaml", "admin-commands.yaml", "plugins.d", "secrets", "keys", "trust")


class Refused(Exception):
    """What is wrong, and what to do."""


class _Loader(yaml.SafeLoader):
    """Plain YAML; a key that is there twice is an error, not a choice."""

    def construct_mapping(self, node, deep=False):
        names = [self.construct_object(key, deep=True) for key, _ in node.value]
        for name in names:
            if not isinstance(name, str):
                raise Refused("has a key that is no text")
            if names.count(name) > 1:
                raise Refused(f"has the key {name!r} twice: remove one")
        return super().construct_mapping(node, deep=deep)


@dataclasses.dataclass
class Old:
    """Documents by file name, secrets' bytes by file name, the environment file's values, and files that nobody knows."""
    source: pathlib.Path
    documents: dict
    secrets: dict
    environment: dict
    other_files: list
    unknown_files: list


def _bytes(path):
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise Refused(f"{path} is not a file")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Refused(f"{path} can't be read: {error.strerror}; run as root") from None
    if len(data) > MAX_BYTES:
        raise Refused(f"{path} has more than 1 MiB: it is not a configuration")
    return data


def _twice(pairs):
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise Refused(f"has the key {name!r} twice: remove one")
    return dict(pairs)


def _document(path):
    text = _bytes(path)
    try:
        document = yaml.load(text, Loader=_Loader) if path.suffix == ".yaml" else json.loads(text, object_pairs_hook=_twice)
    except Refused as error:
        raise Refused(f"{path} {error}") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise Refused(f"{path}, line {line}, is not YAML: correct it") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise Refused(f"{path} is not {'YAML' if path.suffix == '.yaml' else 'JSON'}: correct it") from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise Refused(f"{path} must hold names with values")
    return document


def _environment(path):
    values = {}
    for number, line in enumerate(_bytes(path).decode("utf-8", "replace").splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.removeprefix("export ").partition("=")
        if not equals:
            raise Refused(f"{path}, line {number}, is not NAME=VALUE: correct it")
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        values[name.strip()] = value
    return values


def read_old(source, environment):
    if not source.is_dir():
        raise Refused(f"{source} is not a directory: name the existing system's with --from")
    present = sorted(path.name for path in source.iterdir())
    documents = {name: _document(source / name) for name in (*YAML_FILES, *JSON_FILES) if name in present}
    if not any(name in documents for name in YAML_FILES):
        raise Refused(f"{source} has none of {', '.join(YAML_FILES)}: name the existing system's directory with --from")
    known = (*YAML_FILES, *JSON_FILES, *SECRET_FILES, *OTHERS, *OURS)
    return Old(source, documents, {name: _bytes(source / name) for name in SECRET_FILES if name in present},
               _environment(environment) if environment.is_file() else {},
               [name for name in present if name in OTHERS], [name for name in present if name not in known])
