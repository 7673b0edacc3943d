// Writes the eight vectors of seal-2.md section 7. Everything is derived from the vector's name, so the file is the same each time.
import { sha256 } from '@noble/hashes/sha2';
import { writeFileSync } from 'node:fs';
import { privateKeyToAccount } from 'viem/accounts';
import { bigEndian, hex, text, toNumber, unhex } from './bytes.js';
import {
  CREDENTIAL, credentialAad, derivationDigest, derivationTypedData, keyAndNonce, publicKey, recipientSecret, REQUEST, requestAad, seal, sharedX, uncompressed, type Where,
} from './seal2.js';

const HOST_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';

interface Case {
  name: string;
  chain?: string;
  subscription?: bigint;
  randomRecipient?: boolean;
  otherBuyer?: boolean;
  otherOwner?: boolean;
  content?: string;
  odd?: boolean; // the other first byte of the server's point, the other v
}

const details = (hostname: string, port: number) => JSON.stringify({ hostname, port, username: 'user', host_key: HOST_KEY });

const cases: Case[] = [
  { name: 'the plain case' },
  { name: 'another chain id', chain: 'eip155:11155111' },
  { name: 'a subscription id above 2^64', subscription: 2n ** 64n + 7n },
  { name: 'a random recipient key; the buyer is not the wallet that pays', randomRecipient: true, otherBuyer: true },
  { name: 'a reseal: the owner is not the buyer', otherOwner: true },
  { name: 'a DNS name and another port', content: details('bh-7-3fa91c.vm.example.org', 2222) },
  { name: 'the admin credential', subscription: 0n, content: JSON.stringify({ hostname: 'host-1.example.org', port: 443, type: 'admin' }) },
  { name: 'a server key with the other first byte, a signature with the other v', odd: true },
];

const secret = (label: string): Uint8Array => sha256(text(`BlockHost test vector: ${label}`));

/** The first secret of a family that satisfies the condition. */
function choose(label: string, good: (candidate: Uint8Array) => boolean): Uint8Array {
  for (let i = 0; ; i++) {
    const candidate = secret(`${label} ${i}`);
    if (good(candidate)) return candidate;
  }
}

async function signatureOf(wallet: Uint8Array, where: Where, serverPublic: Uint8Array): Promise<Uint8Array> {
  const account = privateKeyToAccount(hex(wallet));
  return unhex(await account.signTypedData(derivationTypedData(where, serverPublic, account.address)));
}

async function vector(item: Case) {
  const contract = hex(secret('contract').slice(0, 20));
  const where = { chain: item.chain ?? 'eip155:31337', contract };
  const serverSecret = choose('server', (s) => publicKey(s)[0] === (item.odd ? 3 : 2));
  const server = publicKey(serverSecret);
  const wanted = item.odd ? 28 : 27;
  let wallet: Uint8Array = new Uint8Array();
  let signature: Uint8Array = new Uint8Array();
  for (let i = 0; signature[64] !== wanted; i++) {
    wallet = secret(`wallet ${item.name} ${i}`);
    signature = await signatureOf(wallet, where, server);
  }
  const walletAddress = privateKeyToAccount(hex(wallet)).address.toLowerCase();
  const { domainSeparator, digest } = derivationDigest(where, server, walletAddress);
  const derived = recipientSecret(signature, digest);
  const recipient = item.randomRecipient ? secret(`recipient ${item.name}`) : derived.secret;
  const point = publicKey(recipient);
  const buyer = item.otherBuyer ? hex(secret('buyer').slice(0, 20)) : walletAddress;
  const owner = item.otherOwner ? hex(secret('owner').slice(0, 20)) : buyer;
  const subscription = item.subscription ?? 7n;
  const content = item.content ?? details('2001:db8:b10c::105', 22);

  const part = (label: string, to: Uint8Array, aad: Uint8Array, plaintext: Uint8Array) => {
    const ephemeral = secret(`${label} ${item.name}`);
    const shared = sharedX(ephemeral, to);
    return {
      ephemeral_secret: hex(ephemeral),
      shared_x: hex(shared),
      okm: hex(keyAndNonce(label, shared, publicKey(ephemeral), to)),
      aad: hex(aad),
      sealed: hex(seal(label, to, aad, plaintext, ephemeral)),
    };
  };
  const request = part(REQUEST, server, requestAad(where, buyer), point);
  const { sealed, ...credential } = part(CREDENTIAL, point, credentialAad(where, subscription, owner), text(content));
  return {
    name: item.name,
    chain: where.chain,
    contract,
    server_secret: hex(serverSecret),
    server_public: hex(uncompressed(server)),
    derivation: item.randomRecipient
      ? null
      : {
          wallet_secret: hex(wallet), wallet: walletAddress, domain_separator: hex(domainSeparator), digest: hex(digest), signature: hex(signature), okm: hex(derived.okm),
        },
    recipient_secret: hex(bigEndian(toNumber(recipient), 32)),
    recipient_public: hex(point),
    request: { buyer, ...request },
    credential: { subscription: subscription.toString(), owner, ...credential, content, sealed },
  };
}

export async function vectors(): Promise<string> {
  const all = [];
  for (const item of cases) all.push(await vector(item));
  return JSON.stringify({ format: 'seal-2', vectors: all }, null, 2) + '\n';
}

const target = process.argv[2];
if (target !== undefined && process.argv[1]?.endsWith('vectors.ts')) writeFileSync(target, await vectors());
