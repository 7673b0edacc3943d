// The two contracts, as plugins/chain-evm/contracts/INTERFACE.md describes them.
import { createPublicClient, createWalletClient, defineChain, encodeFunctionData, http, parseAbi, parseEventLogs, toHex, zeroAddress, type Address, type PublicClient } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { unhex, type Hex } from './bytes.js';
import type { Where } from './seal2.js';

export const subscriptionAbi = parseAbi([
  'function purchase(uint256 planId, uint256 numDays, address token, uint256 maxAmount, uint256 deadline, address recipient, bytes sealedRequest) payable returns (uint256 id)',
  'function extend(uint256 id, uint256 numDays, address token, uint256 maxAmount, uint256 deadline) payable',
  'function cancel(uint256 id)',
  'function setPlanActive(uint256 planId, bool active)',
  'function refund(uint256 id)',
  'function claim(address token, address to)',
  'function quote(uint256 planId, uint256 numDays, address token) view returns (uint256)',
  'function quoteExtension(uint256 id, uint256 numDays, address token, address payer) view returns (uint256)',
  'function credit(address token, address who) view returns (uint256)',
  'function serverKey() view returns (bytes)',
  'function credential() view returns (address)',
  'function lastSubscriptionId() view returns (uint256)',
  'function money(address token) view returns (uint256 undelivered, uint256 unearned, uint256 earned, uint256 credits)',
  'event SubscriptionPurchased(uint256 indexed id, uint256 indexed planId, address indexed buyer, uint256 paidSeconds, address token, uint256 amount, bytes32 order, bytes sealedRequest)',
  'error AmountAboveMax(uint256 amount, uint256 maxAmount)', 'error BadAddress(address account)', 'error BadDays(uint256 numDays, uint256 most)',
  'error DeadlinePassed(uint256 deadline)', 'error ExpiryTooFar(uint256 expiresAt, uint256 latest)', 'error NotAllowed(address caller)', 'error NotLive(uint256 id)',
  'error NotOpen(uint256 id)', 'error NothingToClaim(address token, address who)', 'error PlanInactive(uint256 planId)', 'error PurchasesArePaused()',
  'error SoldOut(uint256 planId, uint256 open, uint256 total)', 'error TokenChangeRefused(address token, address current)', 'error TokenNotAccepted(address token)',
  'error TooEarly(uint256 lastRefused)', 'error TooLong(uint256 length, uint256 limit)', 'error UnknownPlan(uint256 planId)', 'error UnknownSubscription(uint256 id)',
  'error WrongTransfer(uint256 received, uint256 expected)', 'error WrongValue(uint256 sent, uint256 needed)',
]);

export const credentialAbi = parseAbi([
  'function getUserEncrypted(uint256 tokenId) view returns (bytes)',
  'function ownerOf(uint256 tokenId) view returns (address)',
  'function safeTransferFrom(address from, address to, uint256 tokenId)',
]);

const DAY_LIMIT = 3600n;

export interface Market {
  where: Where;
  contract: Address;
  client: PublicClient;
  rpc: string;
  chainId: number;
}

export async function connect(rpc: string, contract: Address): Promise<Market> {
  const probe = createPublicClient({ transport: http(rpc) });
  const chainId = await probe.getChainId();
  const chain = defineChain({ id: chainId, name: 'chain', nativeCurrency: { name: 'coin', symbol: 'ETH', decimals: 18 }, rpcUrls: { default: { http: [rpc] } } });
  const client = createPublicClient({ chain, transport: http(rpc), pollingInterval: 200 });
  return { where: { chain: `eip155:${chainId}`, contract }, contract, client, rpc, chainId };
}

export const serverKey = async (market: Market): Promise<Uint8Array> =>
  unhex(await market.client.readContract({ address: market.contract, abi: subscriptionAbi, functionName: 'serverKey' }));

/** Simulates first, so that a refusal has the contract's own name for it; then sends and waits for one block. */
async function call(market: Market, account: PrivateKeyAccount, functionName: string, args: unknown[], value = 0n) {
  // eslint-like casts: the function is one of the ABI's own, chosen by name below.
  const request = { address: market.contract, abi: subscriptionAbi, functionName, args, value, account } as never;
  const { request: checked } = await market.client.simulateContract(request);
  const wallet = createWalletClient({ account, chain: market.client.chain!, transport: http(market.rpc) });
  // Estimated here, without fees: with them and without a type the EthereumJS client takes it for a transaction that pays nothing. The margin
  // is for its estimates, which are what remains after refunds.
  const data = encodeFunctionData({ abi: subscriptionAbi, functionName, args } as never);
  const least = await market.client.request({ method: 'eth_estimateGas', params: [{ from: account.address, to: market.contract, data, value: toHex(value) }] });
  const hash = await wallet.writeContract({ ...(checked as object), gas: (BigInt(least) * 5n) / 4n } as never);
  const receipt = await market.client.waitForTransactionReceipt({ hash });
  if (receipt.status !== 'success') throw new Error(`${functionName} reverted in ${hash}`);
  return receipt;
}

async function deadline(market: Market): Promise<bigint> {
  return (await market.client.getBlock()).timestamp + DAY_LIMIT;
}

export async function purchase(market: Market, account: PrivateKeyAccount, plan: bigint, days: bigint, sealedRequest: Hex, recipient: Address) {
  const amount = await market.client.readContract({ address: market.contract, abi: subscriptionAbi, functionName: 'quote', args: [plan, days, zeroAddress] });
  const receipt = await call(market, account, 'purchase', [plan, days, zeroAddress, amount, await deadline(market), recipient, sealedRequest], amount);
  const [event] = parseEventLogs({ abi: subscriptionAbi, eventName: 'SubscriptionPurchased', logs: receipt.logs });
  if (event === undefined) throw new Error('the purchase left no event');
  return { subscription: event.args.id, tx: receipt.transactionHash, block: receipt.blockNumber, amount, gas: receipt.gasUsed };
}

export async function extend(market: Market, account: PrivateKeyAccount, id: bigint, days: bigint) {
  const amount = await market.client.readContract({
    address: market.contract, abi: subscriptionAbi, functionName: 'quoteExtension', args: [id, days, zeroAddress, account.address],
  });
  return call(market, account, 'extend', [id, days, zeroAddress, amount, await deadline(market)], amount);
}

export const cancel = (market: Market, account: PrivateKeyAccount, id: bigint) => call(market, account, 'cancel', [id]);
export const setPlanActive = (market: Market, account: PrivateKeyAccount, plan: bigint, active: boolean) => call(market, account, 'setPlanActive', [plan, active]);
export const refund = (market: Market, account: PrivateKeyAccount, id: bigint) => call(market, account, 'refund', [id]);
export const claim = (market: Market, account: PrivateKeyAccount) => call(market, account, 'claim', [zeroAddress, account.address]);

export const credit = (market: Market, who: Address) =>
  market.client.readContract({ address: market.contract, abi: subscriptionAbi, functionName: 'credit', args: [zeroAddress, who] });

export async function credentialOf(market: Market, id: bigint): Promise<{ owner: Address; sealed: Uint8Array }> {
  const address = await market.client.readContract({ address: market.contract, abi: subscriptionAbi, functionName: 'credential' });
  const owner = await market.client.readContract({ address, abi: credentialAbi, functionName: 'ownerOf', args: [id] });
  const sealed = await market.client.readContract({ address, abi: credentialAbi, functionName: 'getUserEncrypted', args: [id] });
  return { owner, sealed: unhex(sealed) };
}

/** The contract's own books in the chain's coin, and what it really holds. */
export async function books(market: Market) {
  const money = await market.client.readContract({ address: market.contract, abi: subscriptionAbi, functionName: 'money', args: [zeroAddress] });
  const balance = await market.client.getBalance({ address: market.contract });
  const [undelivered, unearned, earned, credits] = Array.isArray(money) ? money : Object.values(money as object);
  return { undelivered, unearned, earned, credits, balance } as Record<string, bigint>;
}
