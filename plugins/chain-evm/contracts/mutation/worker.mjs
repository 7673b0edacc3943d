// One of the runner's workers: a copy of the project in a folder of its own. A mutant is compiled into its artifacts/, where the tests
// take the code from; the tests themselves are compiled once.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { apply } from './generate.mjs';

const { root, folder, sources, settings, contracts } = workerData;
const solc = createRequire(import.meta.url)('solc');
// Every build reads the same library files.
const read = new Map();

function readImport(path) {
  if (!read.has(path)) read.set(path, readFileSync(join(root, path), 'utf8'));
  return { contents: read.get(path) };
}

// The code of each contract, or nothing when it does not compile.
function compile(files) {
  const output = JSON.parse(solc.compile(JSON.stringify({
    language: 'Solidity',
    sources: Object.fromEntries(Object.entries(files).map(([path, content]) => [path, { content }])),
    settings: { ...settings, outputSelection: Object.fromEntries(contracts.map((name) => [`src/${name}.sol`, { [name]: ['evm.bytecode.object'] }])) },
  }), { import: readImport }));
  if ((output.errors ?? []).some((e) => e.severity === 'error')) return undefined;
  return contracts.map((name) => `0x${output.contracts[`src/${name}.sol`][name].evm.bytecode.object}`);
}

function install(codes) {
  contracts.forEach((name, i) => writeFileSync(join(folder, 'artifacts', `${name}.json`), JSON.stringify({ bytecode: codes[i] })));
}

function forge(args, runs) {
  const run = spawnSync(join(root, 'node_modules/@foundry-rs/forge-linux-amd64/bin/forge'), ['test', '--offline', '--fail-fast', '--fuzz-seed', workerData.seed, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, FOUNDRY_SOLC: join(folder, 'tools/solc'), RAYON_NUM_THREADS: '1', FOUNDRY_FUZZ_RUNS: `${runs.fuzz}`, FOUNDRY_INVARIANT_RUNS: `${runs.invariant}` },
  });
  const summary = /(\d+) tests passed, (\d+) failed/.exec(run.stdout);
  if (!summary) throw new Error(`forge did not run:\n${run.stdout}${run.stderr}`);
  // What it reports of the first failure, so that a reader of the log sees what noticed.
  return summary[2] === '0' ? undefined : /\[FAIL[^\n]*/.exec(run.stdout)?.[0] ?? 'failed';
}

// What stops the suite: quick tests first, the whole only for those that these let through.
const suite = () => forge(['--no-match-contract', 'Invariants'], { fuzz: 24, invariant: 1 }) ?? forge([], { fuzz: 200, invariant: 8 });

mkdirSync(join(folder, 'artifacts'), { recursive: true });
for (const name of ['src', 'test', 'tools', 'foundry.toml', 'package.json']) cpSync(join(root, name), join(folder, name), { recursive: true });
rmSync(join(folder, 'test/Gas.t.sol'));
symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
// Unoptimized code is larger than a chain takes.
const toml = readFileSync(join(folder, 'foundry.toml'), 'utf8');
writeFileSync(join(folder, 'foundry.toml'), toml.replace('isolate = true', 'code_size_limit = 100000'));
// forge asks for the compiler's version each time, and loading the compiler to answer takes a second.
const compiler = join(folder, 'tools/solc');
writeFileSync(join(folder, 'version'), execFileSync(compiler, ['--version']));
renameSync(compiler, `${compiler}.mjs`);
writeFileSync(compiler, `#!/bin/sh\n[ "$1" = --version ] && exec cat '${folder}/version'\nexec node '${compiler}.mjs' "$@"\n`, { mode: 0o755 });
const original = compile(sources);
if (!original) throw new Error('the unchanged contracts do not compile');
install(original);
const fails = suite();
if (fails) throw new Error(`the unchanged contracts fail their tests: ${fails}`);

parentPort.on('message', (mutant) => {
  const codes = compile(mutant.files ?? apply(sources, mutant));
  if (!codes) return parentPort.postMessage({ fate: 'stillborn' });
  if (codes.every((code, i) => code === original[i])) return parentPort.postMessage({ fate: 'same code' });
  install(codes);
  const noticed = suite();
  parentPort.postMessage(noticed ? { fate: 'killed', noticed } : { fate: 'survived' });
});
parentPort.postMessage({ fate: 'ready' });
