// Writes the vectors of bh-intent-1.md section 5: the same file each time.
import { secp256k1 } from '@noble/curves/secp256k1';
import { sha256 } from '@noble/hashes/sha2';
import { writeFileSync } from 'node:fs';
import { privateKeyToAccount } from 'viem/accounts';
import { bigEndian, concat, hex, text } from './bytes.js';
import { canonical, intentHash, signIntent, type Intent, type Value } from './intent.js';

const secret = sha256(text('BlockHost test vector: bh-intent-1 agent'));
const N = secp256k1.CURVE.n;

const plain: Intent = {
  args: { subscription: '7' }, chain: 'bhledger:demo', contract: 'shop-1', fee: '1000', function: 'close', nonce: '12', value: '0',
};
const nested = (levels: number): Value => (levels === 0 ? 'x' : [nested(levels - 1)]);
const filled = (size: number): Intent => {
  const empty = text(canonical({ ...plain, args: { sealed: '' } })).length;
  return { ...plain, args: { sealed: 'f'.repeat(size - empty) } };
};

const cases: { name: string; intent: Intent }[] = [
  { name: 'the plain case', intent: plain },
  { name: 'no arguments, everything 0', intent: { ...plain, args: {}, fee: '0', nonce: '0', function: 'noop' } },
  {
    name: 'the host delivers: members in another order than they are written',
    intent: {
      value: '0', nonce: '13', function: 'deliver', fee: '250000', contract: '0x5FbDB2315678afecb367f032d93F642f64180aa3', chain: 'eip155:31337',
      args: { subscription: '18446744073709551623', sealed: '0x0203ff', order: `0x${'ab'.repeat(32)}`, deadline: '1764025000', attestation_hash: `0x${'00'.repeat(32)}` },
    },
  },
  { name: 'text: quotes, backslashes, slashes, no other escape', intent: { ...plain, function: 'decline', args: { reason: 'no "such" plan: C:\\vm/1 <&>', empty: '' } } },
  { name: 'text beyond ASCII, not normalised: e with acute as one and as two characters, an emoji, U+FFFF', intent: { ...plain, args: { a: '\u00e9', b: 'e\u0301', c: '\u{1f600}', d: '\uffff', e: '\u0080' } } },
  { name: 'booleans, arrays that keep their order, empty ones, objects in arrays', intent: { ...plain, function: 'withdraw', args: { all: true, dry: false, ids: ['9', '10', '1'], none: [], rows: [{ b: '1', a: [{}] }] } } },
  { name: 'names in byte order: capitals, underscore, lower case, a prefix first', intent: { ...plain, args: { b: '1', a: '2', A: '3', _: '4', aa: '5', a_: '6', a1: '7', Z9: '8' } } },
  { name: 'the largest numbers', intent: { ...plain, fee: (2n ** 128n - 1n).toString(), value: (2n ** 128n - 1n).toString(), nonce: (2n ** 64n - 1n).toString() } },
  { name: 'eight levels', intent: { ...plain, args: { deep: nested(6) } } },
  { name: 'the longest names and texts', intent: { ...plain, chain: 'abcdefgh:' + 'Z'.repeat(32), contract: '~'.repeat(128), function: `f(${'a'.repeat(252)})!`, args: { ['n'.repeat(64)]: '' } } },
  { name: '16,384 bytes', intent: filled(16384) },
];

const good = canonical(plain);
const swap = (from: string, to: string): Uint8Array => {
  if (!good.includes(from)) throw new Error(`the plain case has no ${from}`);
  return text(good.replace(from, to));
};
const raw = (from: string, bytes: number[]): Uint8Array => {
  const [before, after] = good.split(from) as [string, string];
  return concat(text(before), Uint8Array.from(bytes), text(after));
};
const value7 = (written: string): Uint8Array => swap('"7"', written);

const refused: { why: string; rule: number; payload: Uint8Array }[] = [
  { why: 'nothing', rule: 0, payload: new Uint8Array() },
  { why: 'no JSON', rule: 0, payload: text('close 7') },
  { why: 'cut off', rule: 0, payload: text(good.slice(0, -1)) },
  { why: 'an array', rule: 0, payload: text(`[${good}]`) },
  { why: 'a member is missing', rule: 0, payload: swap('"fee":"1000",', '') },
  { why: 'a member too many', rule: 0, payload: swap('"value":"0"}', '"value":"0","version":"1"}') },
  { why: 'args is an array', rule: 0, payload: swap('{"subscription":"7"}', '["7"]') },
  { why: 'args is a string', rule: 0, payload: swap('{"subscription":"7"}', '"7"') },
  { why: 'chain without a reference', rule: 0, payload: swap('bhledger:demo', 'bhledger') },
  { why: 'chain with capitals in its namespace', rule: 0, payload: swap('bhledger:demo', 'BHledger:demo') },
  { why: 'chain namespace of 9 characters', rule: 0, payload: swap('bhledger:demo', 'bhledgers:demo') },
  { why: 'chain reference of 33 characters', rule: 0, payload: swap(':demo', ':' + 'd'.repeat(33)) },
  { why: 'an empty contract', rule: 0, payload: swap('shop-1', '') },
  { why: 'a contract with a space', rule: 0, payload: swap('shop-1', 'shop 1') },
  { why: 'a contract with a letter beyond ASCII (Cyrillic о)', rule: 0, payload: swap('shop-1', 'sh\u043ep-1') },
  { why: 'a contract with an escaped quote', rule: 0, payload: swap('shop-1', 'shop\\"1') },
  { why: 'a contract of 129 characters', rule: 0, payload: swap('shop-1', 's'.repeat(129)) },
  { why: 'a function of 257 characters', rule: 0, payload: swap('"close"', `"${'f'.repeat(257)}"`) },
  { why: 'fee as a number', rule: 5, payload: swap('"fee":"1000"', '"fee":1000') },
  { why: 'fee with a leading zero', rule: 0, payload: swap('"1000"', '"01000"') },
  { why: 'fee with a sign', rule: 0, payload: swap('"1000"', '"+1000"') },
  { why: 'fee below 0', rule: 0, payload: swap('"1000"', '"-1"') },
  { why: 'fee with a fraction', rule: 0, payload: swap('"1000"', '"1000.0"') },
  { why: 'fee with an exponent', rule: 0, payload: swap('"1000"', '"1e3"') },
  { why: 'fee in hex', rule: 0, payload: swap('"1000"', '"0x3e8"') },
  { why: 'an empty fee', rule: 0, payload: swap('"1000"', '""') },
  { why: 'fee of 2^128', rule: 0, payload: swap('"1000"', `"${2n ** 128n}"`) },
  { why: 'value of 2^128', rule: 0, payload: swap('"value":"0"', `"value":"${2n ** 128n}"`) },
  { why: 'nonce of 2^64', rule: 0, payload: swap('"12"', `"${2n ** 64n}"`) },
  { why: '16,385 bytes', rule: 1, payload: text(good.replace('"7"', `"${'f'.repeat(16385 - good.length + 1)}"`)) },
  { why: 'nine levels', rule: 1, payload: value7(`${'['.repeat(7)}"x"${']'.repeat(7)}`) },
  { why: 'a space after a colon', rule: 2, payload: swap('"fee":', '"fee": ') },
  { why: 'a line feed at the end', rule: 2, payload: text(good + '\n') },
  { why: 'a NUL at the end', rule: 2, payload: text(good + '\0') },
  { why: 'a second object behind it', rule: 2, payload: text(good + good) },
  { why: 'a byte order mark', rule: 2, payload: text('\ufeff' + good) },
  { why: 'a space in an empty array', rule: 2, payload: value7('[ ]') },
  { why: 'members out of order', rule: 3, payload: swap('"chain":"bhledger:demo","contract":"shop-1"', '"contract":"shop-1","chain":"bhledger:demo"') },
  { why: 'a member twice, alike', rule: 3, payload: swap('"fee":"1000"', '"fee":"1000","fee":"1000"') },
  { why: 'a member twice, the second larger', rule: 3, payload: swap('"value":"0"', '"value":"0","value":"5"') },
  { why: 'an argument twice', rule: 3, payload: swap('"subscription":"7"', '"subscription":"7","subscription":"8"') },
  { why: 'arguments out of order', rule: 3, payload: swap('"subscription":"7"', '"b":"1","a":"2"') },
  { why: 'arguments in the order of a dictionary, not of bytes', rule: 3, payload: swap('"subscription":"7"', '"a":"1","B":"2"') },
  { why: 'an empty name', rule: 4, payload: swap('"subscription"', '""') },
  { why: 'a name that begins with a digit', rule: 4, payload: swap('"subscription"', '"1st"') },
  { why: 'a name with a hyphen', rule: 4, payload: swap('"subscription"', '"sub-scription"') },
  { why: 'a name beyond ASCII', rule: 4, payload: swap('"subscription"', '"\u00e9"') },
  { why: 'a name of 65 characters', rule: 4, payload: swap('"subscription"', `"${'n'.repeat(65)}"`) },
  { why: 'a number', rule: 5, payload: value7('7') },
  { why: 'a number with an exponent', rule: 5, payload: value7('1e99999') },
  { why: 'null', rule: 5, payload: value7('null') },
  { why: 'NaN', rule: 5, payload: value7('NaN') },
  { why: 'True', rule: 5, payload: value7('True') },
  { why: 'a string in single quotes', rule: 5, payload: value7("'7'") },
  { why: 'an escaped letter', rule: 6, payload: value7('"\\u0037"') },
  { why: 'an escaped slash', rule: 6, payload: value7('"\\/"') },
  { why: 'an escaped letter in a name', rule: 6, payload: swap('"fee"', '"\\u0066ee"') },
  { why: 'an escaped line feed', rule: 6, payload: value7('"\\n"') },
  { why: 'a line feed', rule: 6, payload: value7('"\n"') },
  { why: 'an escaped NUL', rule: 6, payload: value7('"\\u0000"') },
  { why: 'a NUL', rule: 6, payload: value7('"a\0b"') },
  { why: 'a delete character', rule: 6, payload: value7('"\x7f"') },
  { why: 'U+2028', rule: 6, payload: value7('"\u2028"') },
  { why: 'U+2029', rule: 6, payload: value7('"\u2029"') },
  { why: 'an emoji as an escaped pair', rule: 6, payload: value7('"\\ud83d\\ude00"') },
  { why: 'half an escaped pair', rule: 6, payload: value7('"\\ud83d"') },
  { why: 'a surrogate in UTF-8', rule: 6, payload: raw('7', [0xed, 0xa0, 0xbd]) },
  { why: 'an overlong slash', rule: 6, payload: raw('7', [0xc0, 0xaf]) },
  { why: 'an overlong NUL', rule: 6, payload: raw('7', [0xc0, 0x80]) },
  { why: 'beyond U+10FFFF', rule: 6, payload: raw('7', [0xf4, 0x90, 0x80, 0x80]) },
  { why: 'a lone continuation byte', rule: 6, payload: raw('7', [0x80]) },
  { why: 'a cut sequence', rule: 6, payload: raw('7', [0xe2, 0x82]) },
  { why: 'Latin-1', rule: 6, payload: raw('7', [0xe9]) },
];

function refusedSignatures() {
  const payload = text(good);
  const signature = signIntent(secret, payload);
  const r = signature.slice(0, 32);
  const s = BigInt(hex(signature.slice(32, 64)));
  const v = signature[64]!;
  const rows: [string, Uint8Array][] = [
    ['high s, which the other v makes valid ECDSA', concat(r, bigEndian(N - s, 32), Uint8Array.of(v === 27 ? 28 : 27))],
    ['v as parity only', concat(r, bigEndian(s, 32), Uint8Array.of(v - 27))],
    ['v of 29', concat(r, bigEndian(s, 32), Uint8Array.of(29))],
    ['without v', signature.slice(0, 64)],
    ['one byte more', concat(signature, Uint8Array.of(0))],
    ['r of 0', concat(bigEndian(0n, 32), bigEndian(s, 32), Uint8Array.of(v))],
    ['r of n', concat(bigEndian(N, 32), bigEndian(s, 32), Uint8Array.of(v))],
    ['s of 0', concat(r, bigEndian(0n, 32), Uint8Array.of(v))],
  ];
  return rows.map(([why, bytes]) => ({ why, hash: hex(intentHash(payload)), signature: hex(bytes) }));
}

export function intentVectors(): string {
  const vectors = cases.map(({ name, intent }) => {
    const spelling = canonical(intent);
    const payload = text(spelling);
    return {
      name, intent, text: spelling, hash: hex(intentHash(payload)), signature: hex(signIntent(secret, payload)),
    };
  });
  const document = {
    format: 'bh-intent-1',
    secret: hex(secret),
    public_key: hex(secp256k1.getPublicKey(secret, false)),
    address: privateKeyToAccount(hex(secret)).address.toLowerCase(),
    vectors,
    refused: refused.map(({ why, rule, payload }) => ({ why, rule, payload: hex(payload) })),
    refused_signatures: refusedSignatures(),
  };
  return JSON.stringify(document, null, 2) + '\n';
}

const target = process.argv[2];
if (target !== undefined && process.argv[1]?.endsWith('intent_vectors.ts')) writeFileSync(target, intentVectors());
