// Faults that somebody might make, by name: the tests must notice each. What generate.mjs makes from rules comes on top.
const main = 'src/BlockHostSubscription.sol';
const line = 'src/subscription/EarningLine.sol';
const vault = 'src/subscription/Vault.sol';
const pricing = 'src/subscription/Pricing.sol';
const catalogue = 'src/subscription/Catalogue.sol';
const nft = 'src/AccessCredentialNFT.sol';
const views = 'src/subscription/Views.sol';
const seals = 'src/credential/SealStore.sol';

// [what the tests must notice, file, text that occurs once, its replacement]
export const named = [
  ['refund inside the window', main, 'require(block.timestamp > lastRefused, TooEarly(lastRefused));\n        (address token', 'require(block.timestamp >= lastRefused, TooEarly(lastRefused));\n        (address token'],
  ['strangers refund at once', main, 'lastRefused += PUBLIC_REFUND_AFTER', 'lastRefused += 0'],
  ['order is not compared', main, 'require(bytes16(order) == s.order, OrderMismatch(id, s.order));', ''],
  ['delivered twice', main, 's.deliveredAt == 0 && s.flags == Flag.NONE, NotOpen', 's.flags == Flag.NONE, NotOpen'],
  ['setup earned by a late delivery', main, 'inTime ? p.agentSetupDays : 0', 'p.agentSetupDays'],
  ['setup not earned at all', main, 'inTime ? p.agentSetupDays : 0', '0'],
  ['setup earned again by a new line', line, 's.storeLine(end.toUint40(), s.deliveredAt, 0)', 's.storeLine(end.toUint40(), s.deliveredAt, s.setupDays)'],
  ['excess coins stay', vault, 'if (token == address(0) && msg.value > amount) Address.sendValue(payable(msg.sender), msg.value - amount);', ''],
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
  ['foreign tokens are called by permit', vault, 'require(_tokenIndex[token] != 0, TokenNotAccepted(token));', ''],
  ['a failing permit fails the purchase', vault, 'catch {}', 'catch { revert TokenNotAccepted(token); }'],
  ['a permit of the recipient pays', vault, '.permit(msg.sender,', '.permit(tx.origin,'],
  ['withdraw twice', main, 'm.earned = 0;', ''],
  ['sold-out plans sell', main, 'require(open < total', 'require(open <= total'],
  ['cancel keeps the expiry', line, 'if (block.timestamp < s.end) s.end = uint40(block.timestamp);', ''],
  ['settled is forgotten', line, 'if (fresh != 0) s.settled = uint112(total);', ''],
  ['a stopped line keeps settled', line, 's.settled = 0;', ''],
  ['earning goes on after the end', line, 'if (block.timestamp >= end) return amount;', ''],
  ['fee-on-transfer accepted', vault, 'require(received == amount, WrongTransfer(received, amount));', ''],
  ['credit stays after a claim', vault, 'delete _credits[token][who];', ''],
  ['claim without guard', vault, 'function claim(address token, address to) external nonReentrant', 'function claim(address token, address to) external'],
  ['claim to the contract', vault, '_requireOutside(to);', ''],
  ['coins with an ERC-20 purchase', vault, 'require(msg.value == 0, WrongValue(msg.value, 0));', ''],
  ['setup days are free', pricing, 'perDay * (numDays + setupDays)', 'perDay * numDays'],
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
  ['a burned token comes back to its first owner', views, ' || s.flags & Flag.BURNED != 0', ''],
  ['an undelivered token has an owner', views, 's.deliveredAt == 0 || s.flags & Flag.BURNED != 0', 's.flags & Flag.BURNED != 0'],
  ['the first owner keeps it after a sale', nft, 'if (stored != address(0) || tokenId == ADMIN_TOKEN) return stored;', 'if (tokenId == ADMIN_TOKEN) return stored;'],
  ['a reseal is not found', seals, '_versions[tokenId]), CONSTRUCTOR_HASH', '0), CONSTRUCTOR_HASH'],
];
