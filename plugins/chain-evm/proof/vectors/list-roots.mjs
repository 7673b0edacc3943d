// Roots of lists, made by another implementation of the trie (npm @ethereumjs/mpt).
import { createMPT } from '@ethereumjs/mpt'
import { RLP } from '@ethereumjs/rlp'
import { bytesToHex } from '@ethereumjs/util'
const item = (i) => new Uint8Array(((i * 37) % 90) + 1).fill(i % 251)
const out = {}
for (const count of [0, 1, 2, 15, 16, 17, 127, 128, 129, 255, 256, 257, 700]) {
  const trie = await createMPT()
  for (let i = 0; i < count; i++) await trie.put(RLP.encode(i), item(i))
  out[count] = bytesToHex(trie.root())
}
console.log(JSON.stringify({ maker: '@ethereumjs/mpt; item i is (37 i mod 90) + 1 bytes of i mod 251', roots: out }, null, 1))
