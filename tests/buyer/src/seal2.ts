// seal-2, written from plugin-api/formats/seal-2.md alone.
import { gcm } from '@noble/ciphers/aes';
import { secp256k1 } from '@noble/curves/secp256k1';
import { expand, extract } from '@noble/hashes/hkdf';
import { sha256 } from '@noble/hashes/sha2';
import { keccak_256 } from '@noble/hashes/sha3';
import { bigEndian, concat, field, text, toNumber, unhex } from './bytes.js';

const ORDER = secp256k1.CURVE.n;
const VERSION = 2;
const HEADER = 1 + 33;
const TAG = 16;

export const NOTICE =
  'This signature makes the key that opens your connection details. Sign it only where you buy or open them.';

export interface Where {
  chain: string; // CAIP-2
  contract: string;
}

const hkdf = (ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, size: number) =>
  expand(sha256, extract(sha256, ikm, salt), info, size);

export const publicKey = (secret: Uint8Array): Uint8Array => secp256k1.getPublicKey(secret, true);
export const compressed = (point: Uint8Array): Uint8Array => secp256k1.ProjectivePoint.fromHex(point).toRawBytes(true);
export const uncompressed = (point: Uint8Array): Uint8Array => secp256k1.ProjectivePoint.fromHex(point).toRawBytes(false);
export const randomSecret = (): Uint8Array => secp256k1.utils.randomPrivateKey();

/** X of the shared point, not hashed. */
export const sharedX = (secret: Uint8Array, point: Uint8Array): Uint8Array =>
  secp256k1.getSharedSecret(secret, point, true).slice(1);

export function keyAndNonce(label: string, shared: Uint8Array, ephemeral: Uint8Array, recipient: Uint8Array): Uint8Array {
  return hkdf(shared, text('BlockHost seal-2'), concat(text(label), Uint8Array.of(0), ephemeral, recipient), 44);
}

export function seal(label: string, recipient: Uint8Array, aad: Uint8Array, plaintext: Uint8Array, ephemeral = randomSecret()): Uint8Array {
  const e = publicKey(ephemeral);
  const okm = keyAndNonce(label, sharedX(ephemeral, recipient), e, recipient);
  return concat(Uint8Array.of(VERSION), e, gcm(okm.slice(0, 32), okm.slice(32), aad).encrypt(plaintext));
}

export function open(label: string, secret: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array {
  if (sealed.length < HEADER + TAG || sealed[0] !== VERSION) throw new Error('not a seal-2 blob');
  const e = sealed.slice(1, HEADER);
  const okm = keyAndNonce(label, sharedX(secret, e), e, publicKey(secret));
  return gcm(okm.slice(0, 32), okm.slice(32), aad).decrypt(sealed.slice(HEADER));
}

const address = (value: string): Uint8Array => (/^0x([0-9a-f]{2})+$/i.test(value) ? unhex(value) : text(value));

export const REQUEST = 'seal-2-request';
export const CREDENTIAL = 'seal-2-credential';

export function requestAad({ chain, contract }: Where, buyer: string): Uint8Array {
  return concat(text(REQUEST), Uint8Array.of(0), field(text(chain)), field(address(contract)), field(address(buyer)));
}

export function credentialAad({ chain, contract }: Where, subscription: bigint, owner: string): Uint8Array {
  return concat(
    text(CREDENTIAL), Uint8Array.of(0), field(text(chain)), field(address(contract)), field(text(subscription.toString())), field(address(owner)),
  );
}

/** The EIP-712 typed data of section 6, in the shape that a wallet takes. */
export function derivationTypedData(where: Where, serverKey: Uint8Array, wallet: string) {
  return {
    domain: {
      name: 'BlockHost seal',
      version: '2',
      chainId: Number(where.chain.split(':')[1]),
      verifyingContract: where.contract as `0x${string}`,
      salt: `0x${Buffer.from(keccak_256(uncompressed(serverKey))).toString('hex')}` as const,
    },
    types: { SealKey: [{ name: 'wallet', type: 'address' }, { name: 'notice', type: 'string' }] },
    primaryType: 'SealKey' as const,
    message: { wallet: wallet as `0x${string}`, notice: NOTICE },
  };
}

/** domainSeparator and digest, byte by byte as the page gives them: checked against the wallet library in the tests. */
export function derivationDigest(where: Where, serverKey: Uint8Array, wallet: string): { domainSeparator: Uint8Array; digest: Uint8Array } {
  const k = keccak_256;
  const chainId = BigInt(where.chain.split(':')[1] ?? '');
  const zero12 = new Uint8Array(12);
  const domainSeparator = k(
    concat(
      k(text('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)')),
      k(text('BlockHost seal')), k(text('2')), bigEndian(chainId, 32), zero12, unhex(where.contract), k(uncompressed(serverKey)),
    ),
  );
  const structHash = k(concat(k(text('SealKey(address wallet,string notice)')), zero12, unhex(wallet), k(text(NOTICE))));
  return { domainSeparator, digest: k(concat(Uint8Array.of(0x19, 0x01), domainSeparator, structHash)) };
}

/** From a wallet's signature to the recipient's secret. */
export function recipientSecret(signature: Uint8Array, digest: Uint8Array): { okm: Uint8Array; secret: Uint8Array } {
  const r = signature.slice(0, 32);
  let s = toNumber(signature.slice(32, 64));
  if (s > ORDER / 2n) s = ORDER - s;
  const okm = hkdf(concat(r, bigEndian(s, 32)), text('BlockHost seal-2 recipient key'), digest, 48);
  return { okm, secret: bigEndian((toNumber(okm) % (ORDER - 1n)) + 1n, 32) };
}

export interface Content {
  hostname: string;
  port: number;
  username: string;
  host_key: string;
}

export function parseContent(plaintext: Uint8Array): Content {
  const value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(plaintext)) as Partial<Content>;
  for (const name of ['hostname', 'username', 'host_key'] as const) {
    if (typeof value[name] !== 'string' || value[name] === '') throw new Error(`the credential has no ${name}`);
  }
  if (!Number.isInteger(value.port)) throw new Error('the credential has no port');
  return value as Content;
}
