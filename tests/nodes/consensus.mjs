// The consensus side of one EthereumJS execution client: node consensus.mjs RPC_URL ENGINE_URL. Blocks are built and chosen over the
// Engine API (execution-apis, src/engine), so the client has true forks and true safe and finalized blocks.
//
// A JSON-RPC request a line on stdin, its answer a line on stdout. Methods that begin with "driver_" are answered here, all others
// by the client:
//   driver_interval ms          a block each so often; 0: none by itself
//   driver_mine n               so many blocks at once
//   driver_pass_time s          later blocks are that much later
//   driver_credit address wei   the next block credits it (a withdrawal of EIP-4895), and is made now
//   driver_fork height again    another branch from the block of that height, one longer than the present one; `again`: with the
//                               transactions of the replaced blocks in blocks of their own. Gives the hash of the head that was left
//   driver_choose hash          that branch again, and a block more
//   driver_finalize height      that block of the branch is safe and final
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';

const [rpcUrl, engineUrl] = process.argv.slice(2);
const ZERO = `0x${'00'.repeat(32)}`;
const GWEI = 10n ** 9n;

let next = 1;
async function ask(url, method, params) {
  const answer = await fetch(url, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ jsonrpc: '2.0', id: next++, method, params }),
  });
  return answer.json();
}
async function need(url, method, params) {
  const { result, error } = await ask(url, method, params);
  if (error) throw new Error(`${method}: ${error.message}`);
  return result;
}

const blocks = new Map(); // by hash: { hash, parent, number, timestamp, transactions }
let head, finalized = ZERO, timer, later = 0, credits = [], withdrawals = 0;

const hex = (number) => `0x${number.toString(16)}`;
const now = () => Math.floor(Date.now() / 1000) + later;

function known(hash) {
  const block = blocks.get(hash);
  if (!block) throw new Error(`no block ${hash}`);
  return block;
}
function ancestor(height) {
  let block = head;
  while (block.number > height) block = known(block.parent);
  return block;
}

// `attributes`: begins to build a block on it.
async function choose(block, attributes) {
  const state = { headBlockHash: block.hash, safeBlockHash: finalized, finalizedBlockHash: finalized };
  const { payloadStatus, payloadId } = await need(engineUrl, 'engine_forkchoiceUpdatedV3', attributes ? [state, attributes] : [state]);
  if (payloadStatus.status !== 'VALID') throw new Error(`the client calls block ${block.number} ${payloadStatus.status}: ${payloadStatus.validationError ?? ''}`);
  head = block;
  return payloadId;
}

async function mine(parent = head) {
  const id = await choose(parent, {
    timestamp: hex(Math.max(parent.timestamp + 1, now())),
    prevRandao: `0x${randomBytes(32).toString('hex')}`, // so that two blocks at one place differ
    suggestedFeeRecipient: `0x${'fe'.repeat(20)}`,
    withdrawals: credits.splice(0).map(({ address, gwei }) => ({ index: hex(withdrawals++), validatorIndex: '0x1', address, amount: hex(gwei) })),
    parentBeaconBlockRoot: ZERO,
  });
  if (!id) throw new Error('the client builds no block');
  const { executionPayload: payload } = await need(engineUrl, 'engine_getPayloadV3', [id]);
  const { status, validationError } = await need(engineUrl, 'engine_newPayloadV3', [payload, [], ZERO]);
  if (status !== 'VALID') throw new Error(`the client calls its own block ${status}: ${validationError ?? ''}`);
  const block = {
    hash: payload.blockHash, parent: payload.parentHash, number: Number(payload.blockNumber), timestamp: Number(payload.timestamp), transactions: payload.transactions,
  };
  blocks.set(block.hash, block);
  await choose(block);
  return block;
}

async function fork(height, again) {
  const left = head;
  const replaced = [];
  for (let block = head; block.number > height; block = known(block.parent)) replaced.unshift(block);
  await choose(ancestor(height));
  for (const { transactions } of replaced) {
    if (again) for (const raw of transactions) await need(rpcUrl, 'eth_sendRawTransaction', [raw]);
    const made = await mine();
    if (again && made.transactions.length !== transactions.length) throw new Error(`${transactions.length} transactions of a replaced block, ${made.transactions.length} in the new one`);
  }
  await mine();
  return left.hash;
}

const own = {
  interval: async (ms) => {
    clearInterval(timer);
    if (ms > 0) timer = setInterval(() => run(() => mine()).catch((error) => process.stderr.write(`consensus: ${error.message}\n`)), ms);
  },
  mine: async (count) => { for (let i = 0; i < count; ++i) await mine(); },
  pass_time: async (seconds) => { later += seconds; },
  credit: async (address, wei) => {
    credits.push({ address, gwei: BigInt(wei) / GWEI });
    await mine();
  },
  fork,
  choose: async (hash) => {
    await choose(known(hash));
    await mine();
  },
  finalize: async (height) => {
    finalized = ancestor(height).hash;
    await choose(head);
  },
};

// One at a time: a block that the timer makes must not be built beside a fork.
let last = Promise.resolve();
function run(work) {
  const done = last.then(work);
  last = done.catch(() => {});
  return done;
}

async function answer({ method, params }) {
  if (!method.startsWith('driver_')) return ask(rpcUrl, method, params);
  const work = own[method.slice('driver_'.length)];
  if (!work) return { error: { message: 'there is no such method' } };
  return run(() => work(...params)).then((result) => ({ result: result ?? null }), (error) => ({ error: { message: error.message } }));
}

const first = await need(rpcUrl, 'eth_getBlockByNumber', ['0x0', false]);
head = { hash: first.hash, parent: first.parentHash, number: 0, timestamp: Number(first.timestamp), transactions: [] };
blocks.set(head.hash, head);
process.stdout.write('{"result":"ready"}\n');
for await (const line of createInterface({ input: process.stdin })) process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
process.exit(0);
