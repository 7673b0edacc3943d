#include "plugins/chain-evm/plugin.hpp"

#include "plugins/chain-evm/contract/calls.hpp"
#include "plugins/chain-evm/rpc/chain_id.hpp"

namespace bh::evm {
namespace {

constexpr std::uint32_t kEndpoints = 1;

std::int64_t unix_now() {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

Failure stopped() { return {BH_E_INTERRUPTED, "shutdown", "the kernel stops; the work goes on after its restart", 0}; }

}  // namespace

Result<std::unique_ptr<Transport>> connect(const Config& config, const Services& services) {
    const HttpLimits limits{config.timeout, HttpLimits{}.max_answer_bytes};
    if (config.endpoint.secret.empty()) return make_http_transport(config.endpoint.url, limits);
    Result<std::string> url = services.secret(config.endpoint.secret);
    if (!url) return url.failure().within("/endpoints/0/secret");
    Result<std::unique_ptr<Transport>> out = make_http_transport(*url, limits);
    crypto::wipe(*url);
    return out;
}

EvmChain::EvmChain(Services services, Config config, std::unique_ptr<Transport> transport, const Address& agent)
    : services_{services},
      config_{std::move(config)},
      agent_{agent},
      node_{std::move(transport)},
      reader_{node_, config_},
      poller_{node_, config_},
      submitter_{node_, config_, reader_, services_, agent_, unix_now},
      generic_{node_, config_} {}

Result<std::unique_ptr<EvmChain>> EvmChain::create(const sdk::Kernel& kernel, std::string_view text) {
    Result<Config> config = parse_config(text);
    if (!config) return config.failure();
    const Services services{kernel};
    const Result<Address> agent = services.agent();
    if (!agent) return agent.failure();
    Result<std::unique_ptr<Transport>> transport = connect(*config, services);
    if (!transport) return transport.failure();
    return std::unique_ptr<EvmChain>{new EvmChain{services, std::move(*config), std::move(*transport), *agent}};
}

Result<ChainDescription> EvmChain::describe() {
    ChainDescription out;
    out.chain = config_.profile.caip2();
    out.contract = config_.contract.text();
    out.credential = config_.credential.text();
    out.capabilities = {"deliver", "decline", "refund",       "cancel",      "close",    "extend",
                        "update",  "burn",    "set_capacity", "credit_time", "withdraw", "transfer"};
    out.signature_schemes = {"eip191"};
    out.credential_kinds = {"nft"};
    out.seal_formats = {"seal-1", "seal-2"};
    out.accounts = {{"agent", agent_.text()}};
    out.block_time_ms = config_.profile.block_time_ms;
    out.coin_symbol = config_.profile.coin.symbol;
    out.coin_decimals = config_.profile.coin.decimals;
    return out;
}

Result<std::string> EvmChain::health() {
    const Result<Tips> tips = node_.tips(false);
    if (!tips) return tips.failure();
    if (const Status status = check_chain_id(node_, config_.profile, tips->chain_id); !status) return status.failure();
    return node_.label() + " is at block " + std::to_string(tips->head.number) + ", " +
           std::to_string(std::max<std::int64_t>(0, unix_now() - tips->head.time)) + " s old";
}

Status EvmChain::right_chain() {
    if (chain_checked_.load()) return {};
    const Result<std::uint64_t> id = node_.chain_id();
    if (!id) return id.failure();
    if (const Status status = check_chain_id(node_, config_.profile, *id); !status) return status;
    chain_checked_.store(true);
    return {};
}

Result<At> EvmChain::locate(const sdk::At& at) {
    if (at.min_agree > kEndpoints) {
        return Failure{BH_E_UNAVAILABLE, "too_few_endpoints",
                       "the answer of " + std::to_string(at.min_agree) +
                           " endpoints is asked for and one is configured; lower it, or use a node of your own",
                       0};
    }
    if (const Status status = right_chain(); !status) return status.failure();
    return reader_.locate(at.position.known() ? to_json(at.position) : "");
}

Result<ChainEvents> EvmChain::poll(const sdk::Call& call, std::string_view cursor, std::uint32_t max) {
    const auto stop = [&] { return call.cancel_reason() != BH_CANCEL_NONE; };
    if (stop()) return stopped();
    return poller_.poll(cursor, max, stop);
}

Result<Receipt> EvmChain::submit(const sdk::Call& call, const Intent& intent, const Position& final_at) {
    SubmitCall job;
    job.intent = intent;
    return submit(call, std::move(job), final_at);
}

Result<Receipt> EvmChain::submit_call(const sdk::Call& call, const ContractCall& what, const Position& final_at) {
    SubmitCall job;
    job.intent.action = what.action;
    job.other = what;
    return submit(call, std::move(job), final_at);
}

Result<Receipt> EvmChain::submit(const sdk::Call& call, SubmitCall job, const Position& final_at) {
    const std::uint32_t reason = call.cancel_reason();
    if (reason != BH_CANCEL_NONE && reason != BH_CANCEL_ORDER) return stopped();
    if (const Status status = right_chain(); !status) return status.failure();
    job.op_id = call.op_id();
    job.checkpoint = call.checkpoint();
    if (final_at.known()) {
        const Result<At> at = reader_.locate(to_json(final_at));
        if (!at) return at.failure().within("final_at");
        job.final_at = *at;
    }
    job.cancel_reason = reason;
    job.save = [&](const std::string& checkpoint) { return call.save(checkpoint); };
    job.progress = [&](std::uint32_t permille, const char* stage) { call.progress(permille, stage); };
    return submitter_.submit(job);
}

Result<OwnerAnswer> EvmChain::owner_of(const std::string& credential, const sdk::At& at) {
    const Result<At> place = locate(at);
    if (!place) return place.failure();
    return reader_.owner_of(credential, *place);
}

Result<SubscriptionState> EvmChain::subscription_state(const std::string& id, const sdk::At& at) {
    const Result<At> place = locate(at);
    if (!place) return place.failure();
    Result<SubscriptionView> view = reader_.subscription(id, *place);
    if (!view) return view.failure();
    return std::move(view->state);
}

Result<Balances> EvmChain::balances(const std::string& account, const sdk::At& at) {
    const Result<Address> address = account == "agent" ? Result<Address>{agent_} : Address::parse(account);
    if (!address) return address.failure();
    const Result<At> place = locate(at);
    if (!place) return place.failure();
    return reader_.balances(*address, *place);
}

Result<Verification> EvmChain::verify_signature(const std::string& scheme, const std::string& signer,
                                                const Bytes& message, const Bytes& signature, const sdk::At& at) {
    const Result<At> place = locate(at);
    if (!place) return place.failure();
    return reader_.verify(scheme, signer, message, signature, *place);
}

Result<std::string> EvmChain::recover_signer(const std::string& scheme, const Bytes& message, const Bytes& signature) {
    const Result<Address> signer = evm::recover_signer(scheme, message, signature);
    if (!signer) return signer.failure();
    return signer->text();
}

Result<std::string> EvmChain::parse_address(const std::string& text) {
    const Result<Address> address = Address::parse(text);
    if (!address) return address.failure();
    return address->text();
}

Result<ChainValue> EvmChain::contract_read(const ChainRead& request, const sdk::At& at) {
    const Result<At> place = locate(at);
    if (!place) return place.failure();
    return generic_.read(request, *place);
}

Result<ChainLogs> EvmChain::contract_logs(const ChainFilter& filter, std::string_view cursor, std::uint32_t max) {
    if (const Status status = right_chain(); !status) return status.failure();
    return generic_.logs(filter, cursor, max);
}

}  // namespace bh::evm
