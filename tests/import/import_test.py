#!/usr/bin/env python3
"""blockhost import-config: what existing files become. Usage: import_test.py IMPORT_CONFIG BLOCKHOST"""
import json
import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest

import yaml

PROGRAM, BLOCKHOST = sys.argv[1:3]
CONTRACT, CREDENTIAL = "0x5FbDB2315678afecb367f032d93F642f64180aa3", "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
# None of these may ever be shown.
SECRETS = {"server": "11" * 32, "hot": "22" * 32, "deployer": "33" * 32, "url": "https://node.example/v3/4a4a4a4a", "wireguard": "cHJpdmF0ZSBrZXkgb2YgdGhlIHR1bm5lbCwgMzIgYnl0ZXM=",
           "token": "PVEAPIToken=root@pam!x=5b5b5b5b", "admin": "44" * 65}

FILES = {
    "blockhost.yaml": {"server_public_key": "044f355b", "public_secret": "our-own-text", "deployer_address": "0xb0", "contract_address": "0xb1",
                       "admin": {"wallet_address": "0xb2", "credential_nft_id": 0, "max_command_age": 300, "destination_mode": "null", "destination_address": "0xb3"},
                       "fund_manager": {"anything": 1}},
    "web3-defaults.yaml": {"blockchain": {"chain_id": 11155111, "nft_contract": "0xb4", "rpc_url": SECRETS["url"]}, "deployer": {"private_key_file": "/etc/blockhost/deployer.key"},
                           "signing_page": {"port": 8080, "html_path": "/x"}, "auth": {"otp_length": 6, "otp_ttl_seconds": 300}},
    "db.yaml": {"db_file": "/x", "terraform_dir": "/x", "fields": {}, "ip_pool": {"network": "192.168.122.0/24"}, "ipv6_pool": {"start": 2, "end": 254},
                "vmid_range": {"start": 100, "end": 999}, "default_expiry_days": 30, "gc_grace_days": 7},
    "addressbook.json": {"admin": {"address": "0xb2"}}, "revenue-share.json": {"enabled": False}, "admin-commands.json": {"commands": {}},
    "broker-allocation.json": {"prefix": "2001:db8:1::100/120", "gateway": "2001:db8:1::101", "broker_pubkey": "k", "broker_endpoint": "192.0.2.1:51820", "nft_contract": "0xb4", "request_id": 1,
                               "wg_private_key": SECRETS["wireguard"], "wg_public_key": "p", "allocated_at": "2026-01-01", "broker_wallet": "0xb5", "dns_zone": "vm.example"}}
KEYS = {"server.key": SECRETS["server"] + "\n", "hot.key": "0x" + SECRETS["hot"], "deployer.key": SECRETS["deployer"], "pve-token": SECRETS["token"], "admin-signature.key": SECRETS["admin"]}


class Import(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.old, self.new = pathlib.Path(self.directory.name, "old"), pathlib.Path(self.directory.name, "new")
        self.old.mkdir()
        for name, document in FILES.items():
            self.put(name, document)
        for name, content in KEYS.items():
            (self.old / name).write_text(content)

    def put(self, name, document):
        (self.old / name).write_text(yaml.safe_dump(document) if name.endswith(".yaml") else json.dumps(document))

    def change(self, name, change):
        document = json.loads(json.dumps(FILES[name]))
        change(document)
        self.put(name, document)

    def run_import(self, *arguments, program=(PROGRAM,)):
        done = subprocess.run([*program, "--from", str(self.old), "--to", str(self.new), "--env", str(self.old / ".env"), *arguments], capture_output=True, text=True)
        for name, secret in SECRETS.items():
            self.assertNotIn(secret, done.stdout + done.stderr, f"the secret {name} is shown")
        return done

    def refused(self, *arguments):
        done = self.run_import(*arguments)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertEqual(done.stdout, "")
        self.assertFalse(self.new.exists())
        return done.stderr

    def document(self, *arguments):
        done = self.run_import("--json", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def written(self, *arguments):
        self.document("--write", *arguments)
        return {str(path.relative_to(self.new)): path for path in self.new.rglob("*") if path.is_file()}

    def test_a_dry_run_shows_the_files_and_changes_nothing(self):
        done = self.run_import()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Would write", done.stdout)
        self.assertIn(f"--- {self.new}/kernel.yaml  mode 0640", done.stdout)
        self.assertIn("(a secret of 64 bytes, from server.key)", done.stdout)
        self.assertFalse(self.new.exists())

    def test_what_is_written_is_what_was_shown(self):
        shown = {file["path"]: file for file in self.document()["files"]}
        written = self.written()
        self.assertEqual({str(path) for path in written.values()}, set(shown))
        for path in written.values():
            file = shown[str(path)]
            self.assertEqual(f"{stat.S_IMODE(path.stat().st_mode):04o}", file["mode"])
            self.assertEqual(path.read_text() if not file["secret"] else None, file["content"])

    def test_settings_go_where_ours_have_them(self):
        written = {name: yaml.safe_load(path.read_text()) for name, path in self.written("--contract", CONTRACT, "--credential", CREDENTIAL).items() if name.endswith(".yaml")}
        self.assertEqual(written["kernel.yaml"]["host"]["seal_text"], "our-own-text")
        chain = written["plugins.d/chain.yaml"]
        self.assertEqual(chain["config"], {"chain": "sepolia", "endpoints": [{"secret": "rpc-url"}], "contract": CONTRACT, "credential": CREDENTIAL, "start_block": 0})
        self.assertEqual(chain["secrets"], {"rpc-url": f"{self.new}/secrets/rpc-url"})
        self.assertIn("bh.svc.secrets/1", chain["grants"]["services"])
        self.assertEqual(written["plugins.d/static.yaml"]["config"], {"prefix": "2001:db8:1::100/120", "mode": "routed", "uplink": "wg-broker", "reserved": ["2001:db8:1::101"]})
        self.assertEqual(written["netd.yaml"]["prefixes"], ["2001:db8:1::100/120"])
        self.assertEqual(written["signer.yaml"]["policy"]["chains"][0]["chain"], "eip155:11155111")
        self.assertEqual(written["signer.yaml"]["policy"]["grants"][0]["caller"], "chain")

    def test_secrets_are_in_files_that_only_their_owner_reads(self):
        written = self.written()
        expected = {"keys/server.key": SECRETS["server"], "keys/agent.key": SECRETS["hot"], "secrets/rpc-url": SECRETS["url"], "secrets/wg-private-key": SECRETS["wireguard"]}
        for name, content in expected.items():
            self.assertEqual(written[name].read_text(), content)
            self.assertEqual(stat.S_IMODE(written[name].stat().st_mode), 0o600)
        for name, path in written.items():
            for secret in SECRETS.values():
                self.assertTrue(name in expected or secret not in path.read_text(), name)

    def test_a_url_without_anything_secret_stays_a_url(self):
        self.change("web3-defaults.yaml", lambda d: d["blockchain"].update(rpc_url="http://10.0.0.5:8545/"))
        written = self.written()
        self.assertNotIn("secrets/rpc-url", written)
        self.assertEqual(yaml.safe_load(written["plugins.d/chain.yaml"].read_text())["config"]["endpoints"], [{"url": "http://10.0.0.5:8545/"}])
        for url in ("https://user:pass@node.example", "https://node.example/?key=1", "https://node.example/k"):
            self.change("web3-defaults.yaml", lambda d: d["blockchain"].update(rpc_url=url))
            self.assertIn({"path": f"{self.new}/secrets/rpc-url", "mode": "0600", "secret": True, "origin": "web3-defaults.yaml", "content": None}, self.run_json_elsewhere())

    def run_json_elsewhere(self):
        done = subprocess.run([PROGRAM, "--from", str(self.old), "--to", str(self.new) + "2", "--env", "/nonexistent", "--json"], capture_output=True, text=True, check=True)
        return json.loads(done.stdout.replace(str(self.new) + "2", str(self.new)))["files"]

    def test_the_environment_file_has_the_url_where_the_others_have_none(self):
        self.change("web3-defaults.yaml", lambda d: d["blockchain"].pop("rpc_url"))
        (self.old / ".env").write_text(f"# old\nexport SEPOLIA_RPC='{SECRETS['url']}'\nODD=1\n")
        self.assertIn(".env: ODD", self.document()["unknown"])
        self.assertEqual(self.written()["secrets/rpc-url"].read_text(), SECRETS["url"])

    def test_unknown_keys_and_files_are_named_and_known_ones_have_a_reason(self):
        self.change("db.yaml", lambda d: (d.update(colour="red"), d["ipv6_pool"].update(step=2)))
        self.change("blockhost.yaml", lambda d: d["admin"].update(shoe_size=43))
        (self.old / "notes.txt").write_text("x")
        out = self.document()
        # .env is looked for elsewhere.
        self.assertEqual(sorted(out["unknown"]), ["blockhost.yaml: admin.shoe_size", "db.yaml: colour", "db.yaml: ipv6_pool.step", "notes.txt"])
        dropped = "\n".join(out["dropped"])
        for name in ("db.yaml: gc_grace_days: is a plan's", "deployer.key: an operator's key", "pve-token: there is no plugin", "blockhost.yaml: contract_address: the old contracts",
                     "revenue-share.json: is set anew", "web3-defaults.yaml: auth.otp_length"):
            self.assertIn(name, dropped)
        self.assertEqual(self.document()["unknown"], out["unknown"])

    def test_every_key_of_the_samples_is_known(self):
        self.assertEqual(self.document()["unknown"], [])

    def test_what_remains_to_be_done_is_said(self):
        todo = "\n".join(self.document()["todo"])
        for words in ("blockhost contracts deploy", "make the missing keys (statement)", "must be 044f355b", "plugin enable", "wg-quick@wg-broker"):
            self.assertIn(words, todo)
        for name in ("hot.key", "server.key", "broker-allocation.json"):
            (self.old / name).unlink()
        self.change("web3-defaults.yaml", lambda d: d["blockchain"].update(chain_id=42161))
        todo = "\n".join(self.document()["todo"])
        for words in ("make the missing keys (agent, server, statement)", "chain 42161 is not built in", "fill in the IPv6 prefix"):
            self.assertIn(words, todo)

    def test_nothing_that_is_there_is_replaced(self):
        self.new.mkdir()
        (self.new / "netd.yaml").write_text("mine")
        done = self.run_import("--write")
        self.assertEqual(done.returncode, 1)
        self.assertIn("netd.yaml is there already", done.stderr)
        self.assertEqual([path.name for path in self.new.rglob("*")], ["netd.yaml"])
        (self.new / "netd.yaml").unlink()
        os.symlink("/nonexistent", self.new / "kernel.yaml")
        self.assertIn("kernel.yaml is there already", self.run_import("--write").stderr)

    def test_a_write_that_fails_leaves_nothing(self):
        self.new.mkdir()
        (self.new / "secrets").write_text("a file where a directory should be")
        done = self.run_import("--write")
        self.assertEqual(done.returncode, 1)
        self.assertIn("nothing was written", done.stderr)
        self.assertEqual([path.name for path in self.new.rglob("*")], ["secrets"])

    def test_a_second_import_is_refused_and_the_first_stays(self):
        written = {name: path.read_bytes() for name, path in self.written().items()}
        self.assertEqual(self.run_import("--write").returncode, 1)
        self.assertEqual({name: (self.new / name).read_bytes() for name in written}, written)

    def test_damaged_files_are_refused_by_name_and_without_their_content(self):
        for name, content, words in (
                ("db.yaml", "a: [", "db.yaml, line"), ("db.yaml", "a: 1\na: 2\n", "has the key 'a' twice"), ("db.yaml", "- 1\n", "must hold names"), ("db.yaml", "1: 2\n", "a key that is no text"),
                ("addressbook.json", '{"a":1,"a":2}', "has the key 'a' twice"), ("addressbook.json", "{", "addressbook.json is not JSON"), ("server.key", "secret words", "server.key is not a key of 32 bytes")):
            with self.subTest(name=name, content=content):
                kept = (self.old / name).read_text()
                (self.old / name).write_text(content)
                error = self.refused("--write")
                self.assertIn(words, error)
                self.assertNotIn("secret words", error)
                (self.old / name).write_text(kept)
        (self.old / "admin.json").write_bytes(b"x" * ((1 << 20) + 1))
        self.assertIn("more than 1 MiB", self.refused())

    def test_values_of_the_wrong_kind_are_refused_by_their_key(self):
        for name, change, words in (
                ("web3-defaults.yaml", lambda d: d["blockchain"].update(chain_id="sepolia"), "blockchain.chain_id"), ("web3-defaults.yaml", lambda d: d["blockchain"].update(rpc_url="ftp://node"), "http:// or https://"),
                ("web3-defaults.yaml", lambda d: d.update(blockchain=7), "web3-defaults.yaml: blockchain"), ("web3-defaults.yaml", lambda d: d["blockchain"].update(rpc_url="https://[::1"), "http:// or https://"),
                ("blockhost.yaml", lambda d: d.update(public_secret="two\nlines"), "public_secret"), ("broker-allocation.json", lambda d: d.update(prefix="10.0.0.0/8"), "broker-allocation.json: prefix"),
                ("broker-allocation.json", lambda d: d.update(prefix="2001:db8::/64; rm"), "broker-allocation.json: prefix")):
            with self.subTest(words=words):
                self.change(name, change)
                self.assertIn(words, self.refused("--write"))
                self.put(name, FILES[name])

    def test_a_wrong_directory_or_address_is_refused(self):
        empty = tempfile.TemporaryDirectory()
        self.addCleanup(empty.cleanup)
        done = subprocess.run([PROGRAM, "--from", empty.name], capture_output=True, text=True)
        self.assertEqual((done.returncode, "has none of blockhost.yaml" in done.stderr), (1, True))
        self.assertIn("--contract must be", self.refused("--contract", "0x12", "--credential", CREDENTIAL))
        self.assertEqual(self.run_import("--contract", CONTRACT).returncode, 2)

    def test_the_command_line_has_it_also_where_no_host_is_configured_yet(self):
        libexec = str(pathlib.Path(PROGRAM).parent.parent)
        done = self.run_import(program=(BLOCKHOST, "--json", "--config", str(self.new / "kernel.yaml"), "import-config", "--libexec", libexec, "--"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFalse(json.loads(done.stdout)["written"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
