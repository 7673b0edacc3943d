// One library reads and decodes the same logs as bench-chain: node peers.mjs viem|ethers URL CONTRACT FROM TO CHUNK.
// Prints one JSON object.
const [library, url, contract, ...numbers] = process.argv.slice(2);
const [from, to, chunk] = numbers.map(Number);
const signature = 'event Extended(uint256 indexed id, address indexed payer, uint256 paidSeconds, address token, uint256 amount, uint256 expiresAt)';

async function withViem() {
  const { createPublicClient, http, parseAbiItem } = await import('viem');
  const client = createPublicClient({ transport: http(url, { timeout: 60_000, retryCount: 0 }) });
  const event = parseAbiItem(signature);
  return (first, last) => client.getLogs({ address: contract, event, strict: true, fromBlock: BigInt(first), toBlock: BigInt(last) });
}

async function withEthers() {
  const { Contract, JsonRpcProvider } = await import('ethers');
  const provider = new JsonRpcProvider(url, 31337, { staticNetwork: true });
  const source = new Contract(contract, [signature], provider);
  return (first, last) => source.queryFilter('Extended', first, last);
}

const read = await { viem: withViem, ethers: withEthers }[library]();
await read(from, from); // what is loaded at the first call is not measured
let logs = 0;
let sum = 0n;
const begin = process.hrtime.bigint();
for (let first = from; first <= to; first += chunk) {
  const found = await read(first, Math.min(to, first + chunk - 1));
  logs += found.length;
  for (const log of found) sum += log.args.expiresAt;
}
const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
console.log(JSON.stringify({ logs, seconds, resident_mib: process.resourceUsage().maxRSS / 1024, sum: `${sum}` }));
process.exit(0);
