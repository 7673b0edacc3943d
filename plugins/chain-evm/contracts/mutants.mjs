// Are the tests worth something? Breaks the contracts in one place at a time and expects forge to notice.
// `node mutants.mjs [word]`: all, or those whose description contains the word. About 15 s each; not part of test.sh.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const main = 'src/BlockHostSubscription.sol';
const line = 'src/subscription/EarningLine.sol';
const vault = 'src/subscription/Vault.sol';
const pricing = 'src/subscription/Pricing.sol';
const catalogue = 'src/subscription/Catalogue.sol';
const nft = 'src/AccessCredentialNFT.sol';

// [what the tests must notice, file, text that occurs once, its replacement]
const mutants = [
  ['refund inside the window', main, 'require(block.timestamp > lastRefused, TooEarly(lastRefused));\n        (address token', 'require(block.timestamp >= lastRefused, TooEarly(lastRefused));\n        (address token'],
  ['strangers refund at once', main, 'lastRefused += PUBLIC_REFUND_AFTER', 'lastRefused += 0'],
  ['order is not compared', main, 'require(bytes16(order) == s.order, OrderMismatch(id, s.order));', ''],
  ['delivered twice', main, 's.flags = Flag.DELIVERED;', 's.flags = Flag.NONE;'],
  ['setup earned by a late delivery', main, 'block.timestamp <= uint256(s.purchasedAt) + p.deliveryWindow ? _setup(s, p) : 0', '_setup(s, p)'],
  ['setup not earned at all', main, 'block.timestamp <= uint256(s.purchasedAt) + p.deliveryWindow ? _setup(s, p) : 0', '0 * _setup(s, p)'],
  ['excess coins stay', main, '_returnExcess(token, amount);\n    }\n\n    /// @notice The host has built', '}\n\n    /// @notice The host has built'],
  ['anybody cancels', main, 'require(!byOperator || msg.sender == owner(), NotAllowed(msg.sender));', ''],
  ['close skips the grace', main, 'uint256(s.end) + _plans[s.planId].grace', 'uint256(s.end)'],
  ['close at once after the operator\'s cancel', main, 's.flags & (Flag.CANCELLED | Flag.BY_OPERATOR) != Flag.CANCELLED', 's.flags & Flag.CANCELLED == 0'],
  ['burn before close', main, 's.flags & Flag.CLOSED != 0 && s.flags & Flag.BURNED == 0', 's.flags & Flag.BURNED == 0'],
  ['burn frees no place', main, '--_plans[s.planId].open;\n        credential.burn(id);', 'credential.burn(id);'],
  ['decline frees no place', main, '--_plans[s.planId].open;\n        _money', '_money'],
  ['extension counts from a past expiry', main, 'return s.end > block.timestamp ? s.end : block.timestamp;', 'return s.end;'],
  ['credit without limit', main, 'require(until - from <= left, CreditExhausted(until - from, left));', ''],
  ['credit of future time', main, 'until <= block.timestamp, BadOutage', 'until <= block.timestamp + 1, BadOutage'],
  ['extension of an inactive plan', main, 'require(_plans[s.planId].active, PlanInactive(s.planId));', ''],
  ['expiry without limit', main, 'require(expiresAt <= latest, ExpiryTooFar(expiresAt, latest));', ''],
  ['reseal for a former owner', main, 'require(owner_ == holder, NotOwner(id, holder));', ''],
  ['withdraw ignores the token', main, ' || _tokenOf(s) != token', ''],
  ['withdraw twice', main, 'm.earned = 0;', ''],
  ['sold-out plans sell', main, 'require(p.open < p.total', 'require(p.open <= p.total'],
  ['cancel keeps the expiry', line, 'if (block.timestamp < s.end) s.end = uint40(block.timestamp);', ''],
  ['settled is forgotten', line, 'if (fresh != 0) s.settled = uint112(total);', ''],
  ['a new line keeps settled', line, 's.settled = 0;\n        s.start', 's.start'],
  ['earning goes on after the end', line, 'if (block.timestamp >= s.end) return s.amount;', ''],
  ['fee-on-transfer accepted', vault, 'require(received == amount, WrongTransfer(received, amount));', ''],
  ['credit stays after a claim', vault, 'delete _credits[token][who];', ''],
  ['claim without guard', vault, 'function claim(address token, address to) external nonReentrant', 'function claim(address token, address to) external'],
  ['claim to the contract', vault, '_requireOutside(to);', ''],
  ['coins with an ERC-20 purchase', vault, 'require(msg.value == 0, WrongValue(msg.value, 0));', ''],
  ['setup days are free', pricing, 'price_.perDay * (numDays + p.setupDays)', 'price_.perDay * numDays'],
  ['strangers change the token', pricing, '!paid && payer == credential.ownerOf(id)', '!paid'],
  ['token changes while paid', pricing, '!paid && payer == credential.ownerOf(id)', 'payer == credential.ownerOf(id)'],
  ['3651 days', pricing, 'numDays <= MAX_DAYS', 'numDays <= MAX_DAYS + 1'],
  ['anybody sets the capacity', catalogue, 'require(msg.sender == p.agent || msg.sender == owner(), NotAllowed(msg.sender));', ''],
  ['our own contract as token', catalogue, 'token != address(this) && ', ''],
  ['the operator vanishes', catalogue, 'revert RenounceRefused();', ''],
  ['empty tokens are sold', nft, 'if (to != address(0)) _requireUnlocked(tokenId);', ''],
  ['a user survives the sale', nft, 'delete _users[tokenId];', ''],
  ['anybody mints', nft, 'require(msg.sender == subscriptions, NotSubscriptions(msg.sender));', ''],
  ['anybody is the administrator', nft, 'require(msg.sender == ISubscriptionAuthority(subscriptions).owner(), NotOperator(msg.sender));', ''],
  ['smart accounts can not buy', nft, '        _mint(to, id);', '        _safeMint(to, id);'],
];

function edit(folder, file, from, to) {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${file}: occurs ${text.split(from).length - 1} times: ${from}`);
  writeFileSync(path, text.replace(from, () => to));
}

// Built without the IR pipeline, which is three times as fast; the code is then over the size limit of real chains.
function prepare(folder) {
  for (const name of ['src', 'test', 'tools', 'build.mjs', 'foundry.toml', 'package.json']) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  rmSync(join(folder, 'test/Gas.t.sol'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  edit(folder, 'build.mjs', 'viaIR: true', 'viaIR: false');
  edit(folder, 'build.mjs', "e.severity === 'error' ||", "e.severity === 'error' &&");
  edit(folder, 'build.mjs', 'const limit = 24576', 'const limit = 100000');
  edit(folder, 'foundry.toml', 'isolate = true', 'code_size_limit = 100000');
}

function passes(folder) {
  execFileSync('node', ['build.mjs'], { cwd: folder, stdio: 'pipe' });
  const run = spawnSync(join(root, 'node_modules/@foundry-rs/forge-linux-amd64/bin/forge'),
    ['test', '--offline', '--fail-fast', '--fuzz-seed', '0x626c6f636b686f7374'],
    { cwd: folder, encoding: 'utf8', env: { ...process.env, FOUNDRY_SOLC: join(folder, 'tools/solc') } });
  const summary = /(\d+) tests passed, (\d+) failed/.exec(run.stdout);
  if (!summary) throw new Error(`forge did not run:\n${run.stdout}${run.stderr}`);
  return summary[2] === '0';
}

const chosen = mutants.filter(([what]) => what.includes(process.argv[2] ?? ''));
const folder = mkdtempSync(join(tmpdir(), 'blockhost-mutants-'));
const survivors = [];
try {
  prepare(folder);
  if (!passes(folder)) throw new Error('the unchanged contracts fail their tests');
  for (const [what, file, from, to] of chosen) {
    const path = join(folder, file);
    const original = readFileSync(path, 'utf8');
    edit(folder, file, from, to);
    const survived = passes(folder);
    writeFileSync(path, original);
    console.log(`${survived ? 'SURVIVED' : 'killed  '} ${what}`);
    if (survived) survivors.push(what);
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`${chosen.length - survivors.length} of ${chosen.length} mutants killed`);
process.exit(survivors.length ? 1 : 0);
