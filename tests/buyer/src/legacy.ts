// A buyer and an operator of contracts with the ABI of existing deployments, and seal-1 from plugin-api/formats/seal-1.md alone.
import { gcm } from '@noble/ciphers/aes';
import { expand, extract } from '@noble/hashes/hkdf';
import { sha256 } from '@noble/hashes/sha2';
import { keccak_256 } from '@noble/hashes/sha3';
import { randomBytes } from '@noble/hashes/utils';
import { readFileSync } from 'node:fs';
import { createWalletClient, http, parseAbi, parseEventLogs, type Address } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { concat, text, unhex, type Hex } from './bytes.js';
import type { Market } from './chain.js';
import { publicKey, randomSecret, sharedX, uncompressed } from './seal2.js';

const FIXTURES = new URL('../../../plugins/chain-evm/contracts/fixtures/fixtures.json', import.meta.url);
const PUBLIC_SECRET = 'blockhost-access';
const CENTS_A_DAY = 50n;
const STABLECOIN = 1n; // the payment method
const NONCE = 12;

const subscriptionsAbi = parseAbi([
  'function setPrimaryStablecoin(address stablecoin)',
  'function getPrimaryStablecoin() view returns (address)',
  'function createPlan(string name, uint256 centsPerDay) returns (uint256)',
  'function calculatePayment(uint256 planId, uint256 days_, uint256 paymentMethodId) view returns (uint256)',
  'function buySubscription(uint256 planId, uint256 days_, uint256 paymentMethodId, bytes userEncrypted) returns (uint256)',
  'function extendSubscription(uint256 subscriptionId, uint256 days_, uint256 paymentMethodId)',
  'function cancelSubscription(uint256 subscriptionId)',
  'function getSubscription(uint256 subscriptionId) view returns (uint256 planId, address subscriber, uint256 expiresAt, bool isActive, bool cancelled)',
  'event SubscriptionCreated(uint256 indexed subscriptionId, uint256 indexed planId, address indexed subscriber, uint256 expiresAt, uint256 paidAmount, address paymentToken, bytes userEncrypted)',
]);
const credentialAbi = parseAbi([
  'function transferOwnership(address newOwner)',
  'function getUserEncrypted(uint256 tokenId) view returns (bytes)',
  'function mint(address to, bytes userEncrypted) returns (uint256)',
]);
const tokenAbi = parseAbi(['function mint(address to, uint256 amount)', 'function approve(address spender, uint256 amount) returns (bool)']);

/** Format A: ephemeral key, nonce, and the signature as text under HKDF of the shared point's X. */
export async function sealRequest(account: PrivateKeyAccount, serverKey: Uint8Array): Promise<Uint8Array> {
  const signature = await account.signMessage({ message: PUBLIC_SECRET });
  const ephemeral = randomSecret();
  const nonce = randomBytes(NONCE);
  const none = new Uint8Array(0);
  const key = expand(sha256, extract(sha256, sharedX(ephemeral, serverKey), none), none, 32);
  return concat(uncompressed(publicKey(ephemeral)), nonce, gcm(key, nonce).encrypt(text(signature)));
}

const wallet = (market: Market, account: PrivateKeyAccount) => createWalletClient({ account, chain: market.client.chain!, transport: http(market.rpc) });

async function done(market: Market, hash: Hex) {
  const receipt = await market.client.waitForTransactionReceipt({ hash });
  if (receipt.status !== 'success') throw new Error(`reverted in ${hash}`);
  return receipt;
}

async function call(market: Market, account: PrivateKeyAccount, address: Address, abi: unknown, functionName: string, args: unknown[]) {
  const { request } = await market.client.simulateContract({ address, abi, functionName, args, account } as never);
  return done(market, await wallet(market, account).writeContract(request as never));
}

/** All three contracts, one plan, and what another program sold and delivered; then the credentials belong to the agent. */
export async function deploy(market: Market, account: PrivateKeyAccount, agent: Address) {
  const codes = JSON.parse(readFileSync(FIXTURES, 'utf8')) as Record<string, Hex>;
  const made: Address[] = [];
  let first = 0n;
  for (const name of ['LegacySubscriptions', 'LegacyCredential', 'LegacyToken']) {
    const hash = await wallet(market, account).sendTransaction({ data: codes[name]! });
    const receipt = await done(market, hash);
    made.push(receipt.contractAddress!);
    if (first === 0n) first = receipt.blockNumber;
  }
  const [contract, credential, token] = made as [Address, Address, Address];
  await call(market, account, contract, subscriptionsAbi, 'setPrimaryStablecoin', [token]);
  await call(market, account, contract, subscriptionsAbi, 'createPlan', ['small', CENTS_A_DAY]);
  await buy({ ...market, contract }, account, 1n, 1n, '0x01');
  const minted = await call(market, account, credential, credentialAbi, 'mint', [account.address, '0x01']);
  await call(market, account, credential, credentialAbi, 'transferOwnership', [agent]);
  return { contract, credential, start_block: first, serve_from: minted.blockNumber + 1n };
}

async function pay(market: Market, account: PrivateKeyAccount, plan: bigint, days: bigint): Promise<void> {
  const read = { address: market.contract, abi: subscriptionsAbi } as const;
  const token = await market.client.readContract({ ...read, functionName: 'getPrimaryStablecoin' });
  const amount = await market.client.readContract({ ...read, functionName: 'calculatePayment', args: [plan, days, STABLECOIN] });
  await call(market, account, token, tokenAbi, 'mint', [account.address, amount]);
  await call(market, account, token, tokenAbi, 'approve', [market.contract, amount]);
}

export async function buy(market: Market, account: PrivateKeyAccount, plan: bigint, days: bigint, request: Hex) {
  await pay(market, account, plan, days);
  const receipt = await call(market, account, market.contract, subscriptionsAbi, 'buySubscription', [plan, days, STABLECOIN, request]);
  const [event] = parseEventLogs({ abi: subscriptionsAbi, eventName: 'SubscriptionCreated', logs: receipt.logs });
  if (event === undefined) throw new Error('the purchase left no event');
  return { subscription: event.args.subscriptionId, tx: receipt.transactionHash };
}

export async function extend(market: Market, account: PrivateKeyAccount, id: bigint, days: bigint) {
  const [plan] = await market.client.readContract({ address: market.contract, abi: subscriptionsAbi, functionName: 'getSubscription', args: [id] });
  await pay(market, account, plan, days);
  return { tx: (await call(market, account, market.contract, subscriptionsAbi, 'extendSubscription', [id, days, STABLECOIN])).transactionHash };
}

export const cancel = async (market: Market, account: PrivateKeyAccount, id: bigint) =>
  ({ tx: (await call(market, account, market.contract, subscriptionsAbi, 'cancelSubscription', [id])).transactionHash });

/** Format B, with the key that the buyer's signature is. */
export async function open(market: Market, account: PrivateKeyAccount, credential: Address, token: bigint): Promise<unknown> {
  const sealed = unhex(await market.client.readContract({ address: credential, abi: credentialAbi, functionName: 'getUserEncrypted', args: [token] }));
  const key = keccak_256(unhex(await account.signMessage({ message: PUBLIC_SECRET })));
  return JSON.parse(new TextDecoder().decode(gcm(key, sealed.slice(0, NONCE)).decrypt(sealed.slice(NONCE))));
}
