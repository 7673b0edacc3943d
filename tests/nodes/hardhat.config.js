// The Hardhat node of chains.py: the devnet's chain id, a block each second, no accounts of its own. Nothing is compiled.
module.exports = {
  solidity: '0.8.24',
  networks: { hardhat: { chainId: 31337, hardfork: 'cancun', accounts: [], mining: { auto: false, interval: 1000 } } },
};
