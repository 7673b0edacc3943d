// A chain with the subscription contract that lives in a file; tests drive it with ChainDriver. Reads answer for any
// position of the current branch; submit() keeps one transaction per op_id as blockhost/kind/chain.h asks for it.
#include "plugin-api/sdk/cpp/plugin.hpp"
#include "tests/plugins/mem-chain/account.hpp"
#include "tests/plugins/mem-chain/contract.hpp"
#include "tests/plugins/mem-chain/submit.hpp"

namespace bh::mem {
namespace {

class MemChain {
public:
    static constexpr std::string_view kId = "org.blockhost.mem-chain";
    static constexpr std::string_view kVersion = "0.1.0";

    static Result<std::unique_ptr<MemChain>> create(const sdk::Kernel&, std::string_view config) {
        Result<FileConfig> parsed = read_document<FileConfig>(config);
        if (!parsed) return parsed.failure();
        return std::make_unique<MemChain>(parsed->state_file);
    }
    explicit MemChain(std::string file) : backend_{std::move(file)} {}

    Result<std::string> health() {
        return backend_.verb("health", nullptr,
                             [](ChainState&) -> Result<std::string> { return std::string{"ready"}; });
    }
    Result<ChainDescription> describe() {
        return backend_.verb("describe", nullptr, [](ChainState& state) -> Result<ChainDescription> {
            return ChainDescription{state.chain,
                                    state.contract,
                                    state.credential,
                                    {"deliver", "decline", "refund", "cancel", "close", "extend", "update", "burn",
                                     "set_capacity", "credit_time", "withdraw", "transfer"},
                                    {std::string{kScheme}},
                                    {"nft"},
                                    {"seal-1", "seal-2"},
                                    {{"agent", state.agent}, {"treasury", state.treasury}, {"escrow", state.contract}},
                                    state.block_time_s * 1000,
                                    "MEM",
                                    0};
        });
    }
    Result<ChainEvents> poll(const sdk::Call& call, std::string_view cursor, std::uint32_t max) {
        return backend_.verb("poll", &call, [&](ChainState& state) {
            mine(state, state.blocks_per_poll);
            return events_after(state, cursor, max);
        });
    }
    Result<Receipt> submit(const sdk::Call& call, const Intent& intent, const Position& final_at) {
        return backend_.verb("submit", &call, [&](ChainState& state) -> Result<Receipt> {
            begin(state);
            if (intent.action == "release")
                return Failure{BH_E_UNSUPPORTED, "no_split", "the pretended contract pays its treasury as one sum"};
            return submit_once(state, call, wanted_of(intent), final_at);
        });
    }
    Result<OwnerAnswer> owner_of(const std::string& credential, const sdk::At& at) {
        return read<OwnerAnswer>("owner_of", at, [&](const ChainState&, const View& view, const ChainBlock& block) {
            const SubscriptionRow* row = view.ledger.subscription(credential);
            const bool exists = row != nullptr && !row->owner.empty();
            return OwnerAnswer{exists, block.position, exists ? row->owner : "", ""};
        });
    }
    Result<SubscriptionState> subscription_state(const std::string& id, const sdk::At& at) {
        return read<SubscriptionState>("subscription_state", at,
                                       [&](const ChainState&, const View& view, const ChainBlock& block) {
                                           return state_of(view.ledger, id, block);
                                       });
    }
    Result<Receipt> submit_call(const sdk::Call& call, const bh::ContractCall& what, const Position& final_at) {
        return backend_.verb("submit", &call, [&](ChainState& state) -> Result<Receipt> {
            begin(state);
            auto decoded = decode_call(state, what.contract, what.data);
            if (!decoded) return decoded.failure();
            const Wanted wanted{std::move(*decoded), to_json(what), [](const Ledger&) { return false; }};
            return submit_once(state, call, wanted, final_at);
        });
    }
    Result<ChainValue> contract_read(const ChainRead& request, const sdk::At& at) {
        return read<ChainValue>("contract_read", at,
                                [&](const ChainState& state, const View& view, const ChainBlock& block) {
                                    return contract_value(state, view, block, request);
                                });
    }
    Result<ChainLogs> contract_logs(const ChainFilter& filter, std::string_view cursor, std::uint32_t max) {
        return backend_.verb("contract_logs", nullptr, [&](ChainState& state) {
            begin(state);
            return mem::contract_logs(state, filter, cursor, max);
        });
    }
    Result<Balances> balances(const std::string& account, const sdk::At& at) {
        return read<Balances>("balances", at, [&](const ChainState& state, const View& view, const ChainBlock& block) {
            Balances out{block.position, {{"native", "MEM", 0, {std::to_string(held_by(state, view, account))}}}};
            const std::map<std::string, std::string> named{
                {"agent", state.agent}, {"treasury", state.treasury}, {"escrow", state.contract}};
            if (const auto found = named.find(account); found != named.end()) out.account = found->second;
            const Money& money = view.ledger.money();
            if (account == "escrow") {
                out.balances.front().escrow = Balances::Escrow{{std::to_string(money.undelivered)},
                                                               {std::to_string(money.unearned)},
                                                               {std::to_string(money.earned)},
                                                               {std::to_string(money.credits)}};
            }
            return out;
        });
    }
    Result<Verification> verify_signature(const std::string& scheme, const std::string& signer, const Bytes& message,
                                          const Bytes& signature, const sdk::At& at) {
        return read<Verification>("verify_signature", at, [&](const ChainState&, const View&, const ChainBlock& block) {
            const auto found = signer_of(scheme, message, signature);
            return Verification{found.ok() && *found == signer, block.position};
        });
    }
    Result<std::string> recover_signer(const std::string& scheme, const Bytes& message, const Bytes& signature) {
        return signer_of(scheme, message, signature);
    }
    Result<std::string> parse_address(const std::string& text) { return canonical_address(text); }

private:
    // body(state, view, block) -> D at the position that is asked for.
    template <class D, class B>
    Result<D> read(const char* verb, const sdk::At& at, B&& body) {
        return backend_.verb(verb, nullptr, [&](ChainState& state) -> Result<D> {
            begin(state);
            if (at.min_agree > state.endpoints)
                return Failure{BH_E_UNAVAILABLE, "too_few_agree", "fewer endpoints answer than have to agree"};
            const ChainBlock* block = at.position.known() ? find_block(state, at.position) : &head(state);
            if (block == nullptr)
                return Failure{BH_E_UNAVAILABLE, "unknown_position", "the position is not on the current branch"};
            return body(state, view_at(state, block->position.height), *block);
        });
    }
    ChainBackend backend_;
};

}  // namespace
}  // namespace bh::mem

BH_PLUGIN(bh::mem::MemChain)
