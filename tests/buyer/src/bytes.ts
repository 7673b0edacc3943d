// Bytes, numbers and text, as plugin-api/formats/seal-2.md section 1 writes them.
import { bytesToHex, concatBytes, hexToBytes as fromHex, utf8ToBytes } from '@noble/hashes/utils';

export type Hex = `0x${string}`;

export const text = utf8ToBytes;
export const concat = concatBytes;
export const hex = (bytes: Uint8Array): Hex => `0x${bytesToHex(bytes)}`;
export const unhex = (value: string): Uint8Array => fromHex(value.replace(/^0x/, ''));

export function bigEndian(value: bigint, size: number): Uint8Array {
  return unhex(value.toString(16).padStart(size * 2, '0'));
}

export function toNumber(bytes: Uint8Array): bigint {
  return BigInt(hex(bytes));
}

/** FIELD(x): one byte of length, then x. */
export function field(value: Uint8Array): Uint8Array {
  if (value.length < 1 || value.length > 255) throw new Error(`a field has 1 to 255 bytes, not ${value.length}`);
  return concat(Uint8Array.of(value.length), value);
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return hex(a) === hex(b);
}
