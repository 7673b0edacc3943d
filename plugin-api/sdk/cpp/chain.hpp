// The kind chain. A plugin class has these members; `At` says where and how surely a read is asked:
//
//     Result<ChainDescription> describe();     // or describe_chain(), in a class of several kinds
//     Result<ChainEvents> poll(const Call&, std::string_view cursor, std::uint32_t max);
//     Result<Receipt> submit(const Call&, const Intent&, const Position& final_at);        // pending() until final
//     Result<OwnerAnswer> owner_of(const std::string& credential, const At&);
//     Result<SubscriptionState> subscription_state(const std::string& id, const At&);
//     Result<Balances> balances(const std::string& account, const At&);
//     Result<Verification> verify_signature(const std::string& scheme, const std::string& signer,
//                                           const Bytes& message, const Bytes& signature, const At&);
//     Result<std::string> recover_signer(const std::string& scheme, const Bytes& message, const Bytes& signature);
//     Result<std::string> parse_address(const std::string& text);
#pragma once

#include "plugin-api/documents/contract.hpp"
#include "plugin-api/sdk/cpp/glue.hpp"

namespace bh::sdk {

struct At {
    Position position;            // not known(): the head
    std::uint32_t min_agree = 0;  // endpoints that must agree; 0 = the instance's default
};

template <class T>
concept HasChain = requires { &T::subscription_state; };

template <class T>
struct ChainGlue {
    static std::string text(bh_str s) { return std::string{view(s)}; }

    // `body(At) -> Result<D>`, printed.
    template <class D, class F>
    static bh_status read(bh_instance* self, bh_str at, std::uint32_t min_agree, bh_sink out, bh_error* err,
                          F&& body) noexcept {
        return verb<T>(self, err, [&](T& t) {
            return with("at", parse_position(view(at)),
                        [&](const Position& p) { return print<D>(out, body(t, At{p, min_agree})); });
        });
    }

    static bh_status describe(bh_instance* self, bh_sink out, bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            if constexpr (requires { t.describe_chain(); }) {
                return print<ChainDescription>(out, t.describe_chain());
            } else {
                return print<ChainDescription>(out, t.describe());
            }
        });
    }
    static bh_status poll(bh_instance* self, const bh_call* call, bh_str cursor, std::uint32_t max, bh_sink out,
                          bh_error* err) noexcept {
        return verb<T>(self, err,
                       [&](T& t) { return print<ChainEvents>(out, t.poll(Call{*call}, view(cursor), max)); });
    }
    static bh_status submit(bh_instance* self, const bh_call* call, bh_str intent, bh_str final_at, bh_sink out,
                            bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            if constexpr (requires { &T::submit_call; }) {  // contract.hpp
                if (const auto what = parse_contract_call(view(intent)); what && what->action == "call") {
                    return with("final_at", parse_position(view(final_at)), [&](const Position& p) {
                        return print<Receipt>(out, t.submit_call(Call{*call}, *what, p));
                    });
                }
            }
            return with("intent", parse_intent(view(intent)), [&](const Intent& i) {
                return with("final_at", parse_position(view(final_at)),
                            [&](const Position& p) { return print<Receipt>(out, t.submit(Call{*call}, i, p)); });
            });
        });
    }
    static bh_status owner_of(bh_instance* self, bh_str credential, bh_str at, std::uint32_t min_agree, bh_sink out,
                              bh_error* err) noexcept {
        return read<OwnerAnswer>(self, at, min_agree, out, err,
                                 [&](T& t, const At& a) { return t.owner_of(text(credential), a); });
    }
    static bh_status subscription_state(bh_instance* self, bh_str id, bh_str at, std::uint32_t min_agree, bh_sink out,
                                        bh_error* err) noexcept {
        return read<SubscriptionState>(self, at, min_agree, out, err,
                                       [&](T& t, const At& a) { return t.subscription_state(text(id), a); });
    }
    static bh_status balances(bh_instance* self, bh_str account, bh_str at, std::uint32_t min_agree, bh_sink out,
                              bh_error* err) noexcept {
        return read<Balances>(self, at, min_agree, out, err,
                              [&](T& t, const At& a) { return t.balances(text(account), a); });
    }
    static bh_status verify_signature(bh_instance* self, bh_str scheme, bh_str signer, bh_bytes message,
                                      bh_bytes signature, bh_str at, std::uint32_t min_agree, bh_sink out,
                                      bh_error* err) noexcept {
        return read<Verification>(self, at, min_agree, out, err, [&](T& t, const At& a) {
            return t.verify_signature(text(scheme), text(signer), bytes(message), bytes(signature), a);
        });
    }
    static bh_status recover_signer(bh_instance* self, bh_str scheme, bh_bytes message, bh_bytes signature,
                                    bh_sink address, bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            return print<std::string>(address, t.recover_signer(text(scheme), bytes(message), bytes(signature)));
        });
    }
    static bh_status parse_address(bh_instance* self, bh_str address, bh_sink canonical, bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) { return print<std::string>(canonical, t.parse_address(text(address))); });
    }
    static constexpr bh_chain table{
        sizeof(bh_chain),   0,        describe,         poll,           submit,       owner_of,
        subscription_state, balances, verify_signature, recover_signer, parse_address};
};

}  // namespace bh::sdk
