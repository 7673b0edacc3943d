// bh-intent-1, written from plugin-api/formats/bh-intent-1.md alone.
import { secp256k1 } from '@noble/curves/secp256k1';
import { sha256 } from '@noble/hashes/sha2';
import { bigEndian, concat, text } from './bytes.js';

export type Value = string | boolean | Value[] | { [name: string]: Value };

export interface Intent {
  args: { [name: string]: Value };
  chain: string;
  contract: string;
  fee: string;
  function: string;
  nonce: string;
  value: string;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const FORBIDDEN = /[\u0000-\u001f\u007f\u2028\u2029]/;
const MAX_BYTES = 16384;
const MAX_LEVELS = 8;

function quoted(value: string): string {
  if (FORBIDDEN.test(value)) throw new Error('a string holds a control character');
  if (/\p{Surrogate}/u.test(value)) throw new Error('a string holds half a surrogate pair');
  return `"${value.replace(/["\\]/g, (c) => `\\${c}`)}"`;
}

/** The one spelling of section 2. */
function spelled(value: Value, level: number): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'object' || value === null) throw new Error('a value is no string, boolean, array or object');
  if (level > MAX_LEVELS) throw new Error(`more than ${MAX_LEVELS} levels`);
  if (Array.isArray(value)) return `[${value.map((item) => spelled(item, level + 1)).join(',')}]`;
  const names = Object.keys(value).sort();
  for (const name of names) if (!NAME.test(name)) throw new Error(`"${name}" is no name`);
  return `{${names.map((name) => `"${name}":${spelled(value[name]!, level + 1)}`).join(',')}}`;
}

function checkDecimal(name: string, value: string, bits: bigint): void {
  if (!/^(0|[1-9][0-9]*)$/.test(value) || BigInt(value) >= 1n << bits) throw new Error(`${name} is no decimal below 2^${bits}`);
}

export function canonical(intent: Intent): string {
  const names = Object.keys(intent).sort().join(' ');
  if (names !== 'args chain contract fee function nonce value') throw new Error(`its members are ${names}`);
  if (!/^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}$/.test(intent.chain)) throw new Error('chain is no CAIP-2 id');
  if (!/^[!#-[\]-~]{1,128}$/.test(intent.contract)) throw new Error('contract has other than plain characters');
  if (!/^[!#-[\]-~]{1,256}$/.test(intent.function)) throw new Error('function has other than plain characters');
  checkDecimal('fee', intent.fee, 128n);
  checkDecimal('nonce', intent.nonce, 64n);
  checkDecimal('value', intent.value, 128n);
  if (Array.isArray(intent.args) || typeof intent.args !== 'object') throw new Error('args is no object');
  const spelling = spelled(intent as unknown as Value, 1);
  if (text(spelling).length > MAX_BYTES) throw new Error(`longer than ${MAX_BYTES} bytes`);
  return spelling;
}

export const preimage = (payload: Uint8Array): Uint8Array => concat(text('org.blockhost.bh-intent-1'), Uint8Array.of(0), payload);
export const intentHash = (payload: Uint8Array): Uint8Array => sha256(preimage(payload));

export function signIntent(secret: Uint8Array, payload: Uint8Array): Uint8Array {
  const { r, s, recovery } = secp256k1.sign(intentHash(payload), secret, { lowS: true, prehash: false });
  return concat(bigEndian(r, 32), bigEndian(s, 32), Uint8Array.of(27 + recovery));
}
