#include "plugins/chain-evm/plugin.hpp"

#include "plugins/chain-evm/contract/blockhost.hpp"
#include "plugins/chain-evm/legacy/legacy.hpp"

namespace bh::evm {
namespace {

std::int64_t unix_now() {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

std::unique_ptr<Deployment> make_deployment(const Config& config, const Services& services, const Address& agent) {
    if (config.legacy) return std::make_unique<LegacyDeployment>(config, services, agent);
    return std::make_unique<BlockhostDeployment>(config);
}

Failure stopped() { return {BH_E_INTERRUPTED, "shutdown", "the kernel stops; the work goes on after its restart", 0}; }

}  // namespace

Result<std::unique_ptr<Transport>> connect(const Config& config, std::size_t endpoint, const Services& services) {
    const EndpointConfig& from = config.endpoints[endpoint];
    const std::string place = "/endpoints/" + std::to_string(endpoint);
    // What was asked for is wiped, whatever comes of it.
    struct Texts {
        std::string url;
        HttpOptions options;
        ~Texts() {
            crypto::wipe(url);
            crypto::wipe(options.bearer);
            crypto::wipe(options.proxy);
        }
    } texts{from.url, {}};
    const auto fetch = [&](const std::string& name, const char* member, std::string& out) -> Status {
        if (name.empty()) return {};
        Result<std::string> secret = services.secret(name);
        if (!secret) return secret.failure().within(place + "/" + member);
        out = *std::move(secret);
        return {};
    };
    texts.options.timeout = config.timeout;
    texts.options.proxy = from.proxy;
    texts.options.ca_file = from.ca_file;
    texts.options.dial = services.dial();
    if (const Status status = fetch(from.secret, "secret", texts.url); !status) return status.failure();
    if (const Status status = fetch(from.bearer, "bearer", texts.options.bearer); !status) return status.failure();
    if (const Status status = fetch(from.proxy_secret, "proxy_secret", texts.options.proxy); !status) {
        return status.failure();
    }
    Result<std::unique_ptr<Transport>> out = make_http_transport(texts.url, texts.options);
    if (!out) return out.failure().within(place);
    return out;
}

Result<std::vector<Endpoints::Source>> connect_all(const Config& config, const Services& services) {
    std::vector<Endpoints::Source> out;
    for (std::size_t i = 0; i < config.endpoints.size(); ++i) {
        Result<std::unique_ptr<Transport>> transport = connect(config, i, services);
        if (!transport) return transport.failure();
        out.push_back({*std::move(transport), config.endpoints[i].votes.value_or(true)});
    }
    return out;
}

EvmChain::EvmChain(Services services, Config config, std::vector<Endpoints::Source> sources, const Address& agent,
                   std::vector<std::unique_ptr<Heads>> heads)
    : services_{services},
      config_{std::move(config)},
      agent_{agent},
      endpoints_{std::move(sources), config_.profile, system_clocks()},
      node_{endpoints_, config_.agree, config_.proof},
      deployment_{make_deployment(config_, services_, agent_)},
      reader_{node_, config_},
      poller_{node_, config_, *deployment_},
      submitter_{node_, config_, *deployment_, reader_, services_, agent_, unix_now},
      generic_{node_, config_},
      heads_{std::move(heads)} {
    for (const auto& heads : heads_) {
        if (heads) heads->start();
    }
}

Result<std::unique_ptr<EvmChain>> EvmChain::create(const sdk::Kernel& kernel, std::string_view text) {
    Result<Config> config = parse_config(text);
    if (!config) return config.failure();
    const Services services{kernel};
    const Result<Address> agent = services.agent();
    if (!agent) return agent.failure();
    Result<std::vector<Endpoints::Source>> sources = connect_all(*config, services);
    if (!sources) return sources.failure();
    std::vector<std::unique_ptr<Heads>> heads;
    for (std::size_t i = 0; i < config->endpoints.size(); ++i) {
        Result<std::unique_ptr<Heads>> one = attach_heads(*config, i, services);
        if (!one) return one.failure();
        heads.push_back(*std::move(one));
    }
    return std::unique_ptr<EvmChain>{
        new EvmChain{services, std::move(*config), std::move(*sources), *agent, std::move(heads)}};
}

Status EvmChain::quiesce(std::uint64_t) {
    for (const auto& heads : heads_) {
        if (heads) heads->ask_to_stop();
    }
    for (const auto& heads : heads_) {
        if (heads) heads->stop();
    }
    return {};
}

Result<ChainDescription> EvmChain::describe() {
    ChainDescription out;
    out.chain = config_.profile.caip2();
    out.contract = config_.contract.text();
    out.credential = config_.credential.text();
    deployment_->describe(out);
    out.signature_schemes = {"eip191", "eip712", "erc1271"};
    out.credential_kinds = {"nft"};
    out.accounts["agent"] = agent_.text();
    out.block_time_ms = config_.profile.block_time_ms;
    out.coin_symbol = config_.profile.coin.symbol;
    out.coin_decimals = config_.profile.coin.decimals;
    out.agree = config_.agree;
    for (std::size_t i = 0; i < endpoints_.all().size(); ++i) {
        const auto& endpoint = endpoints_.all()[i];
        out.endpoints.push_back(endpoint->score().view(endpoint->name(), endpoint->votes()));
        if (heads_[i]) out.endpoints.back().heads = heads_[i]->view();
    }
    return out;
}

Result<std::string> EvmChain::health() {
    const Result<Tips> tips = node_.tips(false);
    if (!tips) return tips.failure();
    const std::string who = endpoints_.alone() ? node_.label() + " is"
                                               : std::to_string(config_.agree) + " of " +
                                                     std::to_string(endpoints_.all().size()) + " endpoints are";
    return who + " at block " + std::to_string(tips->head.number) + ", " +
           std::to_string(std::max<std::int64_t>(0, unix_now() - tips->head.time)) + " s old";
}

template <class D, class F>
Result<D> EvmChain::read(const sdk::At& at, F&& body) {
    const std::uint32_t agree = at.min_agree == 0 ? config_.agree : at.min_agree;
    const auto voters = std::ranges::count_if(endpoints_.all(), [](const auto& one) { return one->votes(); });
    if (agree > static_cast<std::size_t>(voters)) {
        return Failure{BH_E_UNAVAILABLE, "too_few_endpoints",
                       "the answer of " + std::to_string(agree) + " endpoints is asked for and " +
                           std::to_string(voters) + " that vote are configured; lower it, or add endpoints",
                       0};
    }
    Quorum node = node_.with(agree);
    Reader reader{node, config_};
    const Result<At> place = reader.locate(at.position.known() ? to_json(at.position) : "");
    if (!place) return place.failure();
    return body(reader, *place);
}

Result<ChainEvents> EvmChain::poll(const sdk::Call& call, std::string_view cursor, std::uint32_t max) {
    const auto stop = [&] { return call.cancel_reason() != BH_CANCEL_NONE; };
    if (stop()) return stopped();
    Result<ChainEvents> out = poller_.poll(cursor, max, stop);
    if (!out) return out;
    for (const auto& heads : heads_) {
        if (heads && heads->polled(out->head.position.height)) out->wakes = true;
    }
    return out;
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
    return read<OwnerAnswer>(
        at, [&](Reader& reader, const At& place) { return deployment_->owner_of(reader, credential, place); });
}

Result<SubscriptionState> EvmChain::subscription_state(const std::string& id, const sdk::At& at) {
    return read<SubscriptionState>(
        at, [&](Reader& reader, const At& place) { return deployment_->subscription(reader, id, place); });
}

Result<Balances> EvmChain::balances(const std::string& account, const sdk::At& at) {
    if (account == "escrow" || account == "treasury") {
        return read<Balances>(
            at, [&](Reader& reader, const At& place) { return deployment_->balances(reader, account, place); });
    }
    const Result<Address> address = account == "agent" ? Result<Address>{agent_} : Address::parse(account);
    if (!address) return address.failure();
    return read<Balances>(at, [&](Reader& reader, const At& place) { return reader.balances(*address, place); });
}

Result<Verification> EvmChain::verify_signature(const std::string& scheme, const std::string& signer,
                                                const Bytes& message, const Bytes& signature, const sdk::At& at) {
    return read<Verification>(
        at, [&](Reader& reader, const At& place) { return reader.verify(scheme, signer, message, signature, place); });
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
    return read<ChainValue>(at, [&](Reader& reader, const At& place) {
        return GenericContract{reader.node(), config_}.read(request, place);
    });
}

Result<ChainLogs> EvmChain::contract_logs(const ChainFilter& filter, std::string_view cursor, std::uint32_t max) {
    return generic_.logs(filter, cursor, max);
}

}  // namespace bh::evm
