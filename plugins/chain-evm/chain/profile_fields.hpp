// The members of a profile and of the configuration; see plugin-api/documents/codec.hpp.
#pragma once

#include "plugin-api/documents/codec.hpp"
#include "plugins/chain-evm/chain/config.hpp"
#include "plugins/chain-evm/chain/profile.hpp"

namespace bh::evm {

template <class F>
void fields(F& f, Is<Profile::Finality> auto& x) {
    f.required("tags", x.tags, "Whether nodes know the blocks safe and finalized.");
    f.required("depth", x.depth, "Blocks below the head that are compared at each call, at most 511.");
}
template <class F>
void fields(F& f, Is<Profile::Logs> auto& x) {
    f.required("max_range", x.max_range, "Blocks in one eth_getLogs.");
}
template <class F>
void fields(F& f, Is<Profile::Fees> auto& x) {
    f.required("max_fee_gwei", x.max_fee_gwei, "Highest fee per gas.");
    f.required("max_priority_fee_gwei", x.max_priority_fee_gwei, "Highest priority fee per gas.");
    f.required("min_priority_fee_wei", x.min_priority_fee_wei, "Lowest priority fee per gas that gets mined.");
    f.required("gas_margin_permille", x.gas_margin_permille, "Gas limit, as permille of the estimate.");
}
template <class F>
void fields(F& f, Is<Profile::Coin> auto& x) {
    f.required("symbol", x.symbol, "Symbol of the chain's own coin.");
    f.required("decimals", x.decimals, "Decimals of the chain's own coin.");
}
template <class F>
void fields(F& f, Is<Profile> auto& x) {
    f.required("name", x.name, "Name of the chain.");
    f.required("title", x.title, "Name for people.");
    f.required("chain_id", x.chain_id, "Chain id (EIP-155).");
    f.optional("testnet", x.testnet, "Whether its coin has no value.");
    f.required("block_time_ms", x.block_time_ms, "Typical time between blocks.");
    f.required("finality", x.finality, "How final its blocks are.");
    f.required("logs", x.logs, "Limits of its nodes.");
    f.required("fees", x.fees, "Rules of its fees.");
    f.required("coin", x.coin, "Its own coin.");
    f.optional("explorer", x.explorer, "Address of a block explorer.");
}

template <class F>
void fields(F& f, Is<EndpointConfig> auto& x) {
    f.optional("url", x.url, "URL of the node's JSON-RPC.");
    f.optional("secret", x.secret, "Name of the secret that holds the URL.");
    f.optional("bearer", x.bearer, "Name of the secret that is sent as Authorization: Bearer.");
    f.optional("proxy", x.proxy, "URL of an HTTP proxy.");
    f.optional("proxy_secret", x.proxy_secret, "Name of the secret that holds the proxy's URL.");
    f.optional("ca_file", x.ca_file, "Certificates to trust instead of the system's.");
    f.optional("ws", x.ws, "WebSocket that tells of new blocks.");
    f.optional("ws_secret", x.ws_secret, "Name of the secret that holds its URL.");
    f.optional("votes", x.votes, "Whether its word counts for what the chain says.");
}
template <class F>
void fields(F& f, Is<TokenConfig> auto& x) {
    f.required("address", x.address, "Contract of the token.");
    f.required("symbol", x.symbol, "Symbol.");
    f.required("decimals", x.decimals, "Decimals.");
}
template <class F>
void fields(F& f, Is<LegacyPlanText> auto& x) {
    f.required("plan", x.plan, "Decimal id.");
    f.required("cpus", x.cpus, "Virtual processors.");
    f.required("memory_bytes", x.memory_bytes, "Memory.");
    f.required("disk_bytes", x.disk_bytes, "Size of the disk.");
    f.optional("image", x.image, "Name of the image.");
}
template <class F>
void fields(F& f, Is<LegacyText> auto& x) {
    f.required("serve_from", x.serve_from, "First block whose purchases are served.");
    f.optional("grace_days", x.grace_days, "Days between expiry and the end of the VM.");
    f.optional("plans", x.plans, "What the VMs of each plan get.");
}
template <class F>
void fields(F& f, Is<ConfigText> auto& x) {
    f.required("chain", x.chain, "Name of a chain, or custom.");
    f.optional("custom_chain", x.custom_chain, "The chain, when it is none of the built-in ones.");
    f.required("endpoints", x.endpoints, "Nodes.");
    f.optional("agree", x.agree, "How many of the nodes that vote must agree.");
    f.optional("proof", x.proof, "When logs are proven: never, disputes or always.");
    f.required("contract", x.contract, "Subscription contract.");
    f.required("credential", x.credential, "Credential contract.");
    f.optional("contract_kind", x.contract_kind, "blockhost, or legacy for an existing deployment.");
    f.optional("legacy", x.legacy, "What the contracts of kind legacy do not say.");
    f.optional("split", x.split, "Contract that splits the revenue.");
    f.optional("start_block", x.start_block, "First block to read.");
    f.optional("final_depth", x.final_depth, "Blocks below the head that poll reports.");
    f.optional("max_fee_gwei", x.max_fee_gwei, "Highest fee per gas.");
    f.optional("max_priority_fee_gwei", x.max_priority_fee_gwei, "Highest priority fee per gas.");
    f.optional("bump_after_s", x.bump_after_s, "Seconds before a waiting transaction pays more.");
    f.optional("timeout_s", x.timeout_s, "Seconds for one request.");
    f.optional("tokens", x.tokens, "Tokens to show balances of.");
}

}  // namespace bh::evm
