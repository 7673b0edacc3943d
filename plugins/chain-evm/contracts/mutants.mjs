// Are the tests worth something? Breaks the contracts in one place at a time and expects forge to notice.
//   node mutants.mjs                 all: the faults of mutation/named.mjs and what mutation/generate.mjs makes from rules
//   node mutants.mjs --named         the former only
//   node mutants.mjs --slice 12      so many of them, drawn by SEED (default: the digest of the sources)
//   node mutants.mjs --only WORD     those whose name contains it
// A mutant that survives fails the run unless mutation/equivalent.txt says why no test can notice it; an entry there
// that is killed or no longer exists fails it as well. JOBS: workers, default one for each core.
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { built, settings } from './build.mjs';
import { generate } from './mutation/generate.mjs';
import { named } from './mutation/named.mjs';

const root = dirname(fileURLToPath(import.meta.url));
const option = (name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined);

const sources = Object.fromEntries(readdirSync(join(root, 'src'), { recursive: true }).filter((path) => path.endsWith('.sol')).sort()
  .map((path) => [`src/${path}`, readFileSync(join(root, 'src', path), 'utf8')]));
// Unoptimized solc is ten times as fast.
const quick = { ...settings, viaIR: false, optimizer: { enabled: false } };

function namedMutants() {
  return named.map(([what, path, from, to]) => {
    const parts = sources[path].split(from);
    if (parts.length !== 2) throw new Error(`${what}: occurs ${parts.length - 1} times in ${path}: ${from}`);
    return { name: what, files: { ...sources, [path]: parts.join(to) } };
  });
}

// Blocks of two lines: the mutant's name, then, indented, why nothing can notice it.
function readEquivalents() {
  const lines = readFileSync(join(root, 'mutation/equivalent.txt'), 'utf8').split('\n').filter((line) => line && !line.startsWith('#'));
  const out = new Map();
  for (let i = 0; i < lines.length; i += 2) {
    if (lines[i].startsWith(' ') || !lines[i + 1]?.startsWith('    ')) throw new Error(`mutation/equivalent.txt: a name and its reason expected at: ${lines[i]}`);
    out.set(lines[i], lines[i + 1].trim());
  }
  return out;
}

const rank = (seed, name) => createHash('sha256').update(`${seed} ${name}`).digest('hex');

function choose(all, equivalents) {
  const word = option('--only');
  if (word !== undefined) return all.filter(({ name }) => name.includes(word));
  const slice = option('--slice');
  if (slice === undefined) return all;
  const seed = process.env.SEED ?? createHash('sha256').update(JSON.stringify(sources)).digest('hex').slice(0, 16);
  console.log(`a slice of ${slice}; SEED=${seed} repeats it`);
  return all.filter(({ name }) => !equivalents.has(name)).sort((a, b) => (rank(seed, a.name) < rank(seed, b.name) ? -1 : 1)).slice(0, Number(slice));
}

function work(folder, queue, report) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(join(root, 'mutation/worker.mjs'), { workerData: { root, folder, sources, settings: quick, contracts: built, seed: '0x626c6f636b686f7374' } });
    let current;
    worker.on('error', reject);
    worker.on('message', (answer) => {
      if (current) report(current, answer);
      current = queue.shift();
      if (current) worker.postMessage(current);
      else worker.terminate().then(resolve);
    });
  });
}

const readImport = (path) => ({ contents: readFileSync(join(root, path), 'utf8') });
const made = generate(sources, quick, readImport, (path) => !path.startsWith('src/interfaces/'));
const all = process.argv.includes('--named') ? namedMutants() : [...namedMutants(), ...made];
const equivalents = readEquivalents();
const chosen = choose(all, equivalents);
const counts = { killed: 0, survived: 0, equivalent: 0, stillborn: 0, 'same code': 0 };
const wrong = [];

function report({ name }, { fate, noticed }) {
  const excused = equivalents.has(name);
  const judged = fate === 'survived' && excused ? 'equivalent' : fate;
  counts[judged] += 1;
  if (judged === 'survived') wrong.push(`SURVIVED: ${name}`);
  if (excused && fate !== 'survived') wrong.push(`no longer to be excused (${fate}): ${name}`);
  console.log(`${judged.padEnd(10)} ${name}${noticed ? `\n           ${noticed.slice(0, 160)}` : ''}`);
}

const known = new Set([...named.map(([what]) => what), ...made.map(({ name }) => name)]);
for (const name of equivalents.keys()) if (!known.has(name)) wrong.push(`mutation/equivalent.txt names what is not there: ${name}`);
const top = mkdtempSync(join(tmpdir(), 'blockhost-mutants-'));
try {
  const queue = [...chosen];
  const jobs = Math.min(Number(process.env.JOBS ?? availableParallelism()), queue.length);
  // All have to end before their folders go.
  const ends = await Promise.allSettled(Array.from({ length: jobs }, (_, i) => work(join(top, `${i}`), queue, report)));
  for (const { reason } of ends) if (reason) throw reason;
} finally {
  rmSync(top, { recursive: true, force: true });
}
const judged = counts.killed + counts.survived;
console.log(`${chosen.length} mutants: ${counts.killed} of ${judged} killed; ${counts.equivalent} equivalent by hand, ${counts['same code']} by the compiler, ${counts.stillborn} do not compile`);
for (const line of wrong) console.log(line);
if (judged === 0 || wrong.length) process.exit(1);
