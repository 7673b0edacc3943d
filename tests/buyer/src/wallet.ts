// A wallet whose key is a file that only its owner can read. The key goes into no argument, variable or message.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts';
import { equal, hex, unhex } from './bytes.js';
import { derivationDigest, derivationTypedData, randomSecret, recipientSecret, type Where } from './seal2.js';

export function makeKeyFile(path: string): PrivateKeyAccount {
  const secret = randomSecret();
  writeFileSync(path, hex(secret) + '\n', { mode: 0o600, flag: 'wx' });
  return privateKeyToAccount(hex(secret));
}

export function readKeyFile(path: string): PrivateKeyAccount {
  if ((statSync(path).mode & 0o077) !== 0) throw new Error(`${path} can be read by others: chmod 600 it`);
  return privateKeyToAccount(hex(unhex(readFileSync(path, 'utf8').trim())));
}

/** Asks the wallet twice: a wallet whose signatures differ could never make the same key again. */
export async function deriveRecipient(account: PrivateKeyAccount, where: Where, serverKey: Uint8Array): Promise<Uint8Array> {
  const typed = derivationTypedData(where, serverKey, account.address);
  const first = unhex(await account.signTypedData(typed));
  const second = unhex(await account.signTypedData(typed));
  if (!equal(first, second)) throw new Error('this wallet signs differently each time: use a random recipient key');
  return recipientSecret(first, derivationDigest(where, serverKey, account.address).digest).secret;
}
