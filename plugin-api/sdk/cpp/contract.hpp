// Any contract of a chain. For a chain plugin, the extension `contract`, which a class offers by these members:
//
//     Result<ChainValue> contract_read(const ChainRead&, const At&);
//     Result<ChainLogs> contract_logs(const ChainFilter&, std::string_view cursor, std::uint32_t max);
//     Result<Receipt> submit_call(const Call&, const ContractCall&, const Position& final_at);   // as submit
//
// For any other plugin, the service chain: ChainService{kernel.c(), "name"}. See blockhost/svc/chain.h.
#pragma once

#include "plugin-api/sdk/cpp/chain.hpp"

namespace bh::sdk {

template <class T>
concept HasContract = requires { &T::contract_read; };

template <class T>
struct ContractGlue {
    static bh_status read(bh_instance* self, bh_str request, bh_str at, std::uint32_t min_agree, bh_sink out,
                          bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            return with("request", parse_chain_read(view(request)), [&](const ChainRead& r) {
                return with("at", parse_position(view(at)), [&](const Position& p) {
                    return print<ChainValue>(out, t.contract_read(r, At{p, min_agree}));
                });
            });
        });
    }
    static bh_status logs(bh_instance* self, bh_str filter, bh_str cursor, std::uint32_t max, bh_sink out,
                          bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            return with("filter", parse_chain_filter(view(filter)), [&](const ChainFilter& f) {
                return print<ChainLogs>(out, t.contract_logs(f, view(cursor), max));
            });
        });
    }
    static constexpr bh_chain_contract table{sizeof(bh_chain_contract), 0, read, logs};
};

// Another instance's chain, under the name that the manifest gives it.
class ChainService : Service<bh_svc_chain> {
public:
    ChainService(const bh_kernel& kernel, std::string name) : Service{kernel, BH_SVC_CHAIN}, name_{std::move(name)} {}

    [[nodiscard]] Result<ChainValue> read(const ChainRead& request, const At& at = {}) const {
        const std::string text = to_json(request), where = at.position.known() ? to_json(at.position) : std::string{};
        return document(parse_chain_value, [&](auto& t, bh_sink out, bh_error* err) {
            return t.read(kernel(), name_.c_str(), str(text), str(where), at.min_agree, out, err);
        });
    }
    [[nodiscard]] Result<ChainLogs> logs(const ChainFilter& filter, std::string_view cursor, std::uint32_t max) const {
        const std::string text = to_json(filter);
        return document(parse_chain_logs, [&](auto& t, bh_sink out, bh_error* err) {
            return t.logs(kernel(), name_.c_str(), str(text), str(cursor), max, out, err);
        });
    }
    // `call` is the running verb's. BH_PENDING: return it from the verb.
    [[nodiscard]] Result<Receipt> submit(const bh_call& call, const std::string& step, const ContractCall& what) const {
        const std::string text = to_json(what);
        return document(parse_receipt, [&](auto& t, bh_sink out, bh_error* err) {
            return t.submit(kernel(), &call, name_.c_str(), step.c_str(), str(text), out, err);
        });
    }

private:
    template <class P, class F>
    auto document(P parse, F&& body) const -> decltype(parse(std::string_view{})) {
        Collector out;
        const Status status = use([&](auto& t, bh_error* err) { return body(t, out.sink(), err); });
        if (!status) return status.failure();
        return parse(out.text());
    }
    const std::string name_;
};

}  // namespace bh::sdk
