// The buyer as a program. Prints one JSON object; errors are one sentence on stderr and exit code 1.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Address } from 'viem';
import { hex } from './bytes.js';
import * as chain from './chain.js';
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
`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: Object.fromEntries(
    ['key', 'rpc', 'contract', 'plan', 'days', 'id', 'message', 'out', 'break'].map((name) => [name, { type: 'string' as const }]),
  ),
});
const given = values as Record<string, string | undefined>;

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
  credit: async () => ({ credit: await chain.credit(await market(), account().address) }),
  books: async () => chain.books(await market()),
};

const command = commands[positionals[0] ?? ''];
if (command === undefined) {
  process.stderr.write(HELP);
  process.exit(2);
}
try {
  const result = await command();
  process.stdout.write(JSON.stringify(result, (_, value) => (typeof value === 'bigint' ? value.toString() : value)) + '\n');
} catch (error) {
  const { shortMessage, message } = error as { shortMessage?: string; message: string };
  process.stderr.write(`buyer: ${shortMessage ?? message}\n`);
  process.exit(1);
}
