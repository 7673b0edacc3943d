// Compiles the contracts in fixtures/, which only tests deploy, with the solc of node_modules and writes
// fixtures/fixtures.json: creation code by name. `--check` writes nothing and fails when what is committed differs.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const root = dirname(fileURLToPath(import.meta.url));
const folder = join(root, 'fixtures');
const path = join(folder, 'fixtures.json');

function compile() {
  const solc = require('solc');
  const files = readdirSync(folder).filter((name) => name.endsWith('.sol')).sort();
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(files.map((name) => [name, { content: readFileSync(join(folder, name), 'utf8') }])),
    settings: {
      evmVersion: 'cancun',
      optimizer: { enabled: true, runs: 200 },
      metadata: { appendCBOR: false, bytecodeHash: 'none' },
      remappings: ['@openzeppelin/=node_modules/@openzeppelin/'],
      outputSelection: { '*': { '*': ['evm.bytecode.object'] } },
    },
  };
  const readImport = (name) => ({ contents: readFileSync(join(root, name), 'utf8') });
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: readImport }));
  const errors = (output.errors ?? []).filter(({ severity }) => severity === 'error');
  for (const error of errors) console.error(error.formattedMessage);
  if (errors.length) throw new Error('solc reports errors');
  const codes = files.flatMap((name) => Object.entries(output.contracts[name] ?? {}))
    .map(([name, { evm }]) => [name, `0x${evm.bytecode.object}`]).filter(([, code]) => code !== '0x');
  return JSON.stringify(Object.fromEntries(codes), null, 2) + '\n';
}

try {
  const text = compile();
  if (!process.argv.includes('--check')) {
    writeFileSync(path, text);
  } else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
    throw new Error('fixtures.json is not what the sources give: run node fixtures.mjs and commit');
  }
} catch (error) {
  console.error(`fixtures.mjs: ${error.message}`);
  process.exit(1);
}
