// Compiles the contracts with the solc of node_modules and writes artifacts/. `--check` writes nothing and
// fails when what is committed differs from what the sources give. Needs `npm ci` once, then no network.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const root = dirname(fileURLToPath(import.meta.url));
const outputs = join(root, 'artifacts');
// What is deployed, tested by forge and mutated.
export const contracts = ['AccessCredentialNFT', 'BlockHostSubscription', 'RevenueSplit'];
// Run by eth_call and never deployed; tested by forge, and where it is used (tests/chain-evm).
const helpers = ['SignatureValidator'];
export const built = [...contracts, ...helpers];

// foundry.toml repeats these; `forge test` compares the code of its own build with the artifacts.
export const settings = {
  evmVersion: 'cancun',
  optimizer: { enabled: true, runs: 10000 },
  viaIR: true,
  // No metadata trailer: comments and file names must not change the bytecode.
  metadata: { appendCBOR: false, bytecodeHash: 'none' },
  remappings: ['@openzeppelin/=node_modules/@openzeppelin/', 'solady/=node_modules/solady/src/'],
};

function sourceFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sourceFiles(path) : path.endsWith('.sol') ? [path] : [];
  }).sort();
}

function readImport(path) {
  try {
    return { contents: readFileSync(join(root, path), 'utf8') };
  } catch {
    return { error: `${path} not found; run npm ci in ${root}` };
  }
}

// Names of the contracts' variables by the numbers of the syntax tree, which is how solc speaks of immutables.
function variableNames(sources) {
  const contracts = Object.values(sources).flatMap(({ ast }) => ast.nodes).filter(({ nodeType }) => nodeType === 'ContractDefinition');
  return new Map(contracts.flatMap(({ nodes }) => nodes).filter(({ nodeType }) => nodeType === 'VariableDeclaration').map(({ id, name }) => [String(id), name]));
}

function compile() {
  const solc = require('solc');
  const sources = Object.fromEntries(sourceFiles(join(root, 'src'))
    .map((path) => [relative(root, path), { content: readFileSync(path, 'utf8') }]));
  const input = {
    language: 'Solidity',
    sources,
    settings: {
      ...settings,
      outputSelection: { '*': {
        '': ['ast'],
        '*': ['abi', 'userdoc', 'evm.bytecode.object', 'evm.deployedBytecode.object', 'evm.deployedBytecode.immutableReferences'],
      } },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: readImport }));
  // What solc says about the libraries' own lines is theirs to mend; about ours nothing may remain.
  const problems = (output.errors ?? [])
    .filter((e) => e.severity === 'error' || !e.sourceLocation?.file.startsWith('node_modules/'));
  for (const problem of problems) console.error(problem.formattedMessage);
  if (problems.length) throw new Error('solc reports errors or warnings');
  return { version: solc.version(), contracts: output.contracts, names: variableNames(output.sources) };
}

function artifact(compiled, name) {
  const { abi, evm } = compiled.contracts[`src/${name}.sol`][name];
  // By name: solc's numbers change with every comment.
  const immutables = Object.entries(evm.deployedBytecode.immutableReferences)
    .flatMap(([id, places]) => places.map(({ start, length }) => ({ name: compiled.names.get(id), start, length })))
    .sort((a, b) => a.start - b.start);
  return JSON.stringify({
    contractName: name,
    compiler: { name: 'solc', version: compiled.version, settings },
    abi,
    bytecode: `0x${evm.bytecode.object}`,
    deployedBytecode: `0x${evm.deployedBytecode.object}`,
    immutableReferences: immutables,
  }, null, 2) + '\n';
}

const argumentTypes = (inputs) => inputs
  .map(({ type, components }) => (components ? type.replace('tuple', `(${argumentTypes(components)})`) : type))
  .join(',');

// One line per function, event and error: what programs that do not read the ABI put into their code and tests.
function selectors(abi) {
  const { keccak256 } = require('js-sha3');
  const width = { function: 8, error: 8, event: 64 };
  return abi.filter(({ type }) => Object.hasOwn(width, type))
    .map(({ type, name, inputs }) => {
      const signature = `${name}(${argumentTypes(inputs)})`;
      return `${type.padEnd(8)} 0x${keccak256(signature).slice(0, width[type])} ${signature}\n`;
    })
    .sort((a, b) => (a.split(' ').pop() < b.split(' ').pop() ? -1 : 1));
}

// NatSpec on everything public: each function, event and error of ours has a notice. What comes from a library has the library's.
function undocumented(compiled, name) {
  const { abi, userdoc } = compiled.contracts[`src/${name}.sol`][name];
  const kinds = { function: 'methods', event: 'events', error: 'errors' };
  const libraries = /^(ERC721|Ownable|Ownership|SafeCast|SafeERC20|ReentrancyGuard|Create2|Failed|InsufficientBalance|Approval|Transfer|MetadataUpdate|BatchMetadata|acceptOwnership|pendingOwner|transferOwnership|approve|balanceOf|getApproved|isApprovedForAll|name|ownerOf|safeTransferFrom|setApprovalForAll|supportsInterface|symbol|transferFrom)/;
  return abi.filter(({ type, name: what }) => Object.hasOwn(kinds, type) && !libraries.test(what))
    .map((entry) => ({ kind: kinds[entry.type], signature: `${entry.name}(${argumentTypes(entry.inputs)})` }))
    .filter(({ kind, signature }) => !userdoc[kind]?.[signature])
    .map(({ signature }) => `${name}.${signature}`);
}

const sha256 = (text) => createHash('sha256').update(text).digest('hex');

function build() {
  const compiled = compile();
  const silent = built.flatMap((name) => undocumented(compiled, name));
  if (silent.length) throw new Error(`no NatSpec notice: ${silent.join(', ')}`);
  const files = Object.fromEntries(built.map((name) => [`${name}.json`, artifact(compiled, name)]));
  files['selectors.txt'] = contracts
    .map((name) => `# ${name}\n${selectors(JSON.parse(files[`${name}.json`]).abi).join('')}`).join('\n');
  files['digests.txt'] = Object.entries(files).map(([name, text]) => `${sha256(text)}  ${name}\n`).join('');
  return files;
}

function check(files) {
  const stale = Object.keys(files).filter((name) => {
    const path = join(outputs, name);
    return !existsSync(path) || readFileSync(path, 'utf8') !== files[name];
  });
  if (stale.length) throw new Error(`artifacts differ from the sources: ${stale.join(', ')}; run node build.mjs and commit`);
}

const limit = 24576;

function main() {
  const files = build();
  for (const name of built) {
    const size = (JSON.parse(files[`${name}.json`]).deployedBytecode.length - 2) / 2;
    console.log(`${name}: ${size} bytes of code (limit ${limit})`);
    if (size > limit) throw new Error(`${name} is too large to deploy`);
  }
  if (process.argv.includes('--check')) {
    check(files);
    console.log('artifacts are what the sources give');
    return;
  }
  mkdirSync(outputs, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(outputs, name), text);
  console.log(`wrote ${Object.keys(files).join(', ')}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main();
  } catch (error) {
    console.error(`build.mjs: ${error.message}`);
    process.exit(1);
  }
}
