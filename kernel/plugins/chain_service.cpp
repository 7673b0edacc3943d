// The service chain: the granted contracts of a granted instance, and transactions that begin as granted.
#include "kernel/plugins/service_boundary.hpp"
#include "plugin-api/documents/contract.hpp"

#include <algorithm>

namespace bh::plugins {
namespace {

constexpr std::uint32_t kMostLogs = 1000;
constexpr std::size_t kMaxStep = 64;

struct Granted {
    const Services::State& state;
    const ChainGrant& grant;
    ChainBackend& chains;
};

Failure denied(const Services::State& state, const std::string& what, const std::string& list) {
    return {
        BH_E_DENIED, "not_granted",
        what + " is not granted to instance " + state.instance + "; the operator lists it under grants.chains" + list};
}

Result<Granted> granted(const bh_kernel* kernel, const char* chain) {
    const auto& state = state_of(kernel);
    const auto found = state.grants.chains.find(chain);
    if (found == state.grants.chains.end()) return denied(state, "the chain \"" + std::string{chain} + "\"", "");
    return Granted{state, found->second, *state.backends.chain};
}

// Addresses are compared in the chain's own spelling.
Status check_contract(const Granted& g, const std::string& contract) {
    const auto asked = g.chains.canonical(g.grant.instance, contract);
    if (!asked) return asked.failure();
    for (const std::string& text : g.grant.contracts) {
        const auto own = g.chains.canonical(g.grant.instance, text);
        if (!own) return own.failure();
        if (*own == *asked) return {};
    }
    return denied(g.state, "the contract " + contract.substr(0, 80), ".contracts");
}

bh_status read(const bh_kernel* kernel, const char* chain, bh_str request, bh_str at, std::uint32_t min_agree,
               bh_sink out, bh_error* err) noexcept {
    return guarded(kernel, "chain.read", err, [&]() -> Status {
        const auto g = granted(kernel, chain);
        if (!g) return g.failure();
        const auto parsed = parse_chain_read(string_of(request));
        if (!parsed) return parsed.failure().within("request");
        if (auto fine = check_contract(*g, parsed->contract); !fine) return fine.failure();
        const auto value = g->chains.read(g->grant.instance, to_json(*parsed), string_of(at), min_agree);
        if (!value) return value.failure();
        return put_out(out, *value);
    });
}

bh_status logs(const bh_kernel* kernel, const char* chain, bh_str filter, bh_str cursor, std::uint32_t max, bh_sink out,
               bh_error* err) noexcept {
    return guarded(kernel, "chain.logs", err, [&]() -> Status {
        const auto g = granted(kernel, chain);
        if (!g) return g.failure();
        const auto parsed = parse_chain_filter(string_of(filter));
        if (!parsed) return parsed.failure().within("filter");
        if (parsed->contracts.empty())
            return invalid("bad_filter", "filter: /contracts must name at least one contract");
        for (const std::string& contract : parsed->contracts) {
            if (auto fine = check_contract(*g, contract); !fine) return fine.failure();
        }
        const auto found = g->chains.logs(g->grant.instance, to_json(*parsed), string_of(cursor),
                                          std::clamp(max, std::uint32_t{1}, kMostLogs));
        if (!found) return found.failure();
        return put_out(out, *found);
    });
}

bool begins_as_granted(const ChainGrant& grant, const Bytes& data) {
    return std::any_of(grant.submit.begin(), grant.submit.end(), [&](const Bytes& prefix) {
        return data.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), data.begin());
    });
}

bh_status submit(const bh_kernel* kernel, const bh_call* call, const char* chain, const char* step, bh_str intent,
                 bh_sink out, bh_error* err) noexcept {
    return guarded(kernel, "chain.submit", err, [&]() -> Status {
        const auto g = granted(kernel, chain);
        if (!g) return g.failure();
        if (call == nullptr) return invalid("no_call", "submit needs the context of a running verb");
        const std::string name{step};
        if (name.empty() || name.size() > kMaxStep) return invalid("bad_step", "step must be 1 to 64 bytes");
        const auto parsed = parse_contract_call(string_of(intent));
        if (!parsed) return parsed.failure().within("intent");
        // The host's own actions are the kernel's business.
        if (parsed->action != "call") return invalid("bad_call", "intent: /action must be \"call\"");
        if (auto fine = check_contract(*g, parsed->contract); !fine) return fine.failure();
        if (!begins_as_granted(g->grant, parsed->data)) return denied(g->state, "this call", ".submit");
        const auto receipt = g->chains.submit(g->state.instance, g->grant.instance, call, name, *parsed);
        if (!receipt) return receipt.failure();
        return put_out(out, *receipt);
    });
}

}  // namespace

constexpr bh_svc_chain kChain{sizeof(bh_svc_chain), 0, read, logs, submit};
const bh_svc_chain kChainService = kChain;

}  // namespace bh::plugins
