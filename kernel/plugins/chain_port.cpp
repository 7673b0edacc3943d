#include "kernel/plugins/ports.hpp"
#include "kernel/plugins/verb.hpp"

#include <blockhost/kind/chain.h>

namespace bh::plugins {
namespace {

class ChainPort final : public life::ChainPort {
public:
    ChainPort(Instance& instance, const bh_chain& verbs) : instance_{instance}, verbs_{verbs} {}

    Status check() override { return instance_.health(); }

    Result<ChainDescription> describe() override {
        return document_verb(instance_.name, parse_chain_description,
                             [&](bh_sink out, bh_error* err) { return verbs_.describe(self(), out, err); });
    }
    Result<ChainEvents> poll(const life::Call& call, const std::string& cursor, std::uint32_t max) override {
        const std::scoped_lock lock{instance_.serial};
        const CallBridge bridge{call};
        return document_verb(instance_.name, parse_chain_events, [&](bh_sink out, bh_error* err) {
            return verbs_.poll(self(), bridge.get(), text(cursor), max, out, err);
        });
    }
    Result<Receipt> submit(const life::Call& call, const Intent& intent, const Position& final_at) override {
        const CallBridge bridge{call};
        const std::string document = to_json(intent);
        const std::string position = at(final_at);
        return document_verb(instance_.name, parse_receipt, [&](bh_sink out, bh_error* err) {
            return verbs_.submit(self(), bridge.get(), text(document), text(position), out, err);
        });
    }
    Result<OwnerAnswer> owner_of(const std::string& credential, const Position& position,
                                 std::uint32_t min_agree) override {
        return document_verb(instance_.name, parse_owner, [&, where = at(position)](bh_sink out, bh_error* err) {
            return verbs_.owner_of(self(), text(credential), text(where), min_agree, out, err);
        });
    }
    Result<SubscriptionState> subscription_state(const std::string& id, const Position& position,
                                                 std::uint32_t min_agree) override {
        return document_verb(instance_.name, parse_subscription_state,
                             [&, where = at(position)](bh_sink out, bh_error* err) {
                                 return verbs_.subscription_state(self(), text(id), text(where), min_agree, out, err);
                             });
    }
    Result<Balances> balances(const std::string& account, const Position& position, std::uint32_t min_agree) override {
        return document_verb(instance_.name, parse_balances, [&, where = at(position)](bh_sink out, bh_error* err) {
            return verbs_.balances(self(), text(account), text(where), min_agree, out, err);
        });
    }

private:
    // The ABI's "" is the head.
    static std::string at(const Position& position) { return position.known() ? to_json(position) : std::string{}; }
    bh_instance* self() const noexcept { return instance_.self; }

    Instance& instance_;
    const bh_chain& verbs_;
};

}  // namespace

Result<std::unique_ptr<life::ChainPort>> make_chain_port(Instance& instance) {
    const auto* verbs = instance.find<bh_chain>(BH_CHAIN);
    if (verbs == nullptr)
        return invalid("wrong_kind",
                       "plugin instance " + instance.name + " offers no " BH_CHAIN ": check \"kind\" in its file");
    return std::unique_ptr<life::ChainPort>{std::make_unique<ChainPort>(instance, *verbs)};
}

}  // namespace bh::plugins
