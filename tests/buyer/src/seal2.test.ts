import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { hashTypedData } from 'viem';
import { hex, text, unhex } from './bytes.js';
import { CREDENTIAL, credentialAad, derivationDigest, derivationTypedData, open, publicKey, randomSecret, REQUEST, requestAad, seal } from './seal2.js';
import { vectors } from './vectors.js';

const where = { chain: 'eip155:31337', contract: '0x5fbdb2315678afecb367f032d93f642f64180aa3' };
const buyer = '0x70997970c51812dc3a010c7d01b50e0d17dc79c8';

test('the published vectors are what this program makes', async () => {
  const published = readFileSync(new URL('../../../plugin-api/formats/vectors/seal-2.json', import.meta.url), 'utf8');
  assert.equal(published, await vectors());
});

test('the digest written out byte by byte is the wallet library\'s', () => {
  const server = publicKey(randomSecret());
  const typed = derivationTypedData(where, server, buyer);
  assert.equal(hex(derivationDigest(where, server, buyer).digest), hashTypedData(typed));
});

test('a request opens only for its buyer, contract and chain, and is 83 bytes', () => {
  const server = randomSecret();
  const point = publicKey(randomSecret());
  const sealed = seal(REQUEST, publicKey(server), requestAad(where, buyer), point);
  assert.equal(sealed.length, 83);
  assert.equal(hex(open(REQUEST, server, requestAad(where, buyer), sealed)), hex(point));
  const others = [requestAad(where, where.contract), requestAad({ ...where, contract: buyer }, buyer), requestAad({ ...where, chain: 'eip155:1' }, buyer)];
  for (const aad of others) assert.throws(() => open(REQUEST, server, aad, sealed));
  assert.throws(() => open(CREDENTIAL, server, requestAad(where, buyer), sealed));
});

test('every changed bit of a credential makes it fail', () => {
  const secret = randomSecret();
  const aad = credentialAad(where, 7n, buyer);
  const sealed = seal(CREDENTIAL, publicKey(secret), aad, text('{"port":22}'));
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = unhex(hex(sealed));
    changed[bit >> 3]! ^= 1 << (bit & 7);
    assert.throws(() => open(CREDENTIAL, secret, aad, changed), `bit ${bit}`);
  }
});
