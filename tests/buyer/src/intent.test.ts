import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { recoverAddress } from 'viem';
import { hex, text, unhex, type Hex } from './bytes.js';
import { canonical, intentHash, signIntent, type Intent } from './intent.js';
import { intentVectors } from './intent_vectors.js';

interface File {
  secret: Hex;
  address: Hex;
  vectors: { name: string; intent: Intent; text: string; hash: Hex; signature: Hex }[];
  refused: { why: string; rule: number; payload: Hex }[];
}

const published = readFileSync(new URL('../../../plugin-api/formats/vectors/bh-intent-1.json', import.meta.url), 'utf8');
const file = JSON.parse(published) as File;
const sample: Intent = { args: {}, chain: 'abc:1', contract: 'c', fee: '0', function: 'f', nonce: '0', value: '0' };

test('the published vectors of bh-intent-1 are what this program makes', () => {
  assert.equal(published, intentVectors());
  assert.ok(file.vectors.length >= 8);
});

test('the wallet library recovers who signed an intent', async () => {
  for (const vector of file.vectors) {
    const address = await recoverAddress({ hash: hex(intentHash(text(vector.text))), signature: vector.signature });
    assert.equal(address.toLowerCase(), file.address, vector.name);
  }
});

test('both values of v occur among the vectors', () => {
  assert.deepEqual([...new Set(file.vectors.map((vector) => vector.signature.slice(-2)))].sort(), ['1b', '1c']);
});

test('no refused payload is what its own content is written as', () => {
  for (const { why, payload } of file.refused) {
    const spelling = () => {
      const parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(unhex(payload))) as Intent;
      return hex(text(canonical(parsed)));
    };
    let written: string | undefined;
    try {
      written = spelling();
    } catch {
      continue;
    }
    assert.notEqual(written, payload, why);
  }
});

test('an intent is signed the same each time', () => {
  const payload = text(canonical(sample));
  assert.equal(hex(signIntent(unhex(file.secret), payload)), hex(signIntent(unhex(file.secret), payload)));
});

test('an intent that has no spelling is refused', () => {
  const bad: unknown[] = [
    { ...sample, args: { a: 7 } }, { ...sample, args: { a: null } }, { ...sample, args: { 'a-b': '' } }, { ...sample, args: { a: '\n' } },
    { ...sample, args: { a: '\ud800' } }, { ...sample, value: '00' }, { ...sample, more: '' },
  ];
  for (const intent of bad) assert.throws(() => canonical(intent as Intent));
});
