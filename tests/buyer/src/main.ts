// The buyer as a program. Prints one JSON object; errors are one sentence on stderr and exit code 1.
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { BaseError, ContractFunctionRevertedError, type Address } from 'viem';
import { hex, unhex } from './bytes.js';
import * as chain from './chain.js';
import * as legacy from './legacy.js';
import { compressed, CREDENTIAL, credentialAad, open, parseContent, publicKey, randomSecret, REQUEST, requestAad, seal } from './seal2.js';
import { deriveRecipient, makeKeyFile, readKeyFile } from './wallet.js';

const HELP = `usage: buyer COMMAND [options]

  keygen   --key FILE                     make a wallet key, mode 0600
  address  --key FILE                     its address
  buy      --rpc URL --contract A --key FILE --plan N --days N [--break what]
                                          purchase, with the request sealed to the host's server key;
                                          --break garbage|buyer|contract|chain makes a request that the host must decline
  open     --rpc URL --contract A --key FILE --id N
                                          read and open the credential
  known-hosts --rpc ... --id N --out FILE the known_hosts line of the opened credential
  sign     --key FILE --message FILE      personal_sign the file's bytes (a login challenge)
  extend | cancel | refund | claim | credit | books   --rpc ... --key FILE [--id N] [--days N]
  plan-on | plan-off       --rpc ... --key FILE --plan N   the operator's: offer a plan, or stop offering it
  legacy-deploy | legacy-buy | legacy-open | legacy-extend | legacy-cancel   the same over contracts with the ABI of existing
                                          deployments, which have no server key: --server-key HEX
  serve                                   commands from stdin, each a line with a JSON list of words; answers {"ok": ...} or {"error": "..."}, a line each
`;

const OPTIONS = Object.fromEntries(
  ['key', 'rpc', 'contract', 'plan', 'days', 'id', 'message', 'out', 'break', 'credential', 'server-key', 'agent', 'token'].map((name) => [name, { type: 'string' as const }]),
);
let given: Record<string, string | undefined> = {};

function need(name: string): string {
  const value = given[name];
  if (value === undefined) throw new Error(`--${name} is missing`);
  return value;
}

const market = () => chain.connect(need('rpc'), need('contract') as Address);
const account = () => readKeyFile(need('key'));
const id = () => BigInt(need('id'));

async function sealedRequest(m: chain.Market): Promise<Uint8Array> {
  const who = account();
  const server = compressed(await chain.serverKey(m));
  const recipient = publicKey(await deriveRecipient(who, m.where, server));
  const other = '0x00000000000000000000000000000000000000aa';
  switch (given.break) {
    case undefined: return seal(REQUEST, server, requestAad(m.where, who.address), recipient);
    case 'garbage': return randomSecret();
    case 'buyer': return seal(REQUEST, server, requestAad(m.where, other), recipient);
    case 'contract': return seal(REQUEST, server, requestAad({ ...m.where, contract: other }, who.address), recipient);
    case 'chain': return seal(REQUEST, server, requestAad({ ...m.where, chain: 'eip155:1' }, who.address), recipient);
    default: throw new Error(`--break does not know "${given.break}"`);
  }
}

async function opened(m: chain.Market) {
  const who = account();
  const { owner, sealed } = await chain.credentialOf(m, id());
  const secret = await deriveRecipient(who, m.where, compressed(await chain.serverKey(m)));
  return parseContent(open(CREDENTIAL, secret, credentialAad(m.where, id(), owner), sealed));
}

const commands: Record<string, () => Promise<unknown>> = {
  keygen: async () => ({ address: makeKeyFile(need('key')).address }),
  address: async () => ({ address: account().address }),
  buy: async () => {
    const m = await market();
    return chain.purchase(m, account(), BigInt(need('plan')), BigInt(need('days')), hex(await sealedRequest(m)), account().address);
  },
  open: async () => opened(await market()),
  'known-hosts': async () => {
    const content = await opened(await market());
    const host = content.port === 22 ? content.hostname : `[${content.hostname}]:${content.port}`;
    writeFileSync(need('out'), `${host} ${content.host_key}\n`, { mode: 0o600 });
    return content;
  },
  sign: async () => ({ signature: await account().signMessage({ message: { raw: hex(readFileSync(need('message'))) } }) }),
  extend: async () => ({ tx: (await chain.extend(await market(), account(), id(), BigInt(need('days')))).transactionHash }),
  cancel: async () => ({ tx: (await chain.cancel(await market(), account(), id())).transactionHash }),
  refund: async () => ({ tx: (await chain.refund(await market(), account(), id())).transactionHash }),
  claim: async () => ({ tx: (await chain.claim(await market(), account())).transactionHash }),
  'plan-on': async () => ({ tx: (await chain.setPlanActive(await market(), account(), BigInt(need('plan')), true)).transactionHash }),
  'plan-off': async () => ({ tx: (await chain.setPlanActive(await market(), account(), BigInt(need('plan')), false)).transactionHash }),
  credit: async () => ({ credit: await chain.credit(await market(), account().address) }),
  books: async () => chain.books(await market()),
  'legacy-deploy': async () => legacy.deploy(await market(), account(), need('agent') as Address),
  'legacy-buy': async () => {
    const request = given.break === 'garbage' ? randomSecret() : await legacy.sealRequest(account(), unhex(need('server-key')));
    return legacy.buy(await market(), account(), BigInt(need('plan')), BigInt(need('days')), hex(request));
  },
  'legacy-open': async () => legacy.open(await market(), account(), need('credential') as Address, BigInt(need('token'))),
  'legacy-extend': async () => legacy.extend(await market(), account(), id(), BigInt(need('days'))),
  'legacy-cancel': async () => legacy.cancel(await market(), account(), id()),
};

/** The contract's own name for a refusal, with what it is about; else viem's sentence. */
function sentence(error: unknown): string {
  const reverted = error instanceof BaseError ? error.walk((cause) => cause instanceof ContractFunctionRevertedError) : null;
  if (reverted instanceof ContractFunctionRevertedError && reverted.data !== undefined)
    return `the contract refused: ${reverted.data.errorName}(${(reverted.data.args ?? []).join(', ')})`;
  return error instanceof BaseError ? error.shortMessage : (error as Error).message;
}

const text = (value: unknown) => JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? item.toString() : item));

async function run(words: string[]): Promise<unknown> {
  const { positionals, values } = parseArgs({ args: words, allowPositionals: true, options: OPTIONS });
  const command = commands[positionals[0] ?? ''];
  if (command === undefined) throw new Error(`there is no command "${positionals[0] ?? ''}"`);
  given = values as Record<string, string | undefined>;
  return command();
}

async function serve(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const answer = await run(JSON.parse(line)).then((ok) => ({ ok }), (error: unknown) => ({ error: sentence(error) }));
    process.stdout.write(text(answer) + '\n');
  }
}

const words = process.argv.slice(2);
if (words[0] === 'serve') {
  await serve();
} else if (commands[words[0] ?? ''] === undefined) {
  process.stderr.write(HELP);
  process.exit(2);
} else {
  try {
    process.stdout.write(text(await run(words)) + '\n');
  } catch (error) {
    process.stderr.write(`buyer: ${sentence(error)}\n`);
    process.exit(1);
  }
}
