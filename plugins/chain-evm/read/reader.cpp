#include "plugins/chain-evm/read/reader.hpp"

#include "plugins/chain-evm/contract/calls.hpp"

namespace bh::evm {
namespace {

constexpr std::size_t kMaxTokens = 32;

Failure refuses(std::string_view what) {
    return {
        BH_E_UNAVAILABLE, "bad_contract",
        "the contract refuses to tell about " + std::string{what} + "; is its address that of a BlockHostSubscription?",
        0};
}

}  // namespace

Result<At> Reader::locate(std::string_view at) {
    const Result<Position> position = parse_position(at);
    if (!position) return position.failure();
    if (!position->known()) {
        const Result<Tips> tips = node_.tips(false);
        if (!tips) return tips.failure();
        return At{tips->head.hash, tips->head.number};
    }
    const auto hash = Hash::parse(position->id);
    if (!hash) return invalid("bad_position", "the position's id is not a block hash of this chain");
    return At{*hash, position->height};
}

Result<CallResult> Reader::call(const Address& to, Bytes data, const At& at, Header* header) {
    const Node::Call calls[] = {{to, std::move(data)}};
    Result<Node::CallsAnswer> answer = node_.calls_at(calls, at.hash, at.height);
    if (!answer) return answer.failure();
    if (header != nullptr) *header = answer->header;
    return std::move(answer->results.front());
}

Result<SubscriptionView> Reader::subscription(std::string_view id, const At& at) {
    const Result<Uint256> number = parse_id(id, "subscription");
    if (!number) return number.failure();
    Header header;
    const Result<CallResult> answer = call(config_.contract, view::subscription(*number), at, &header);
    if (!answer) return answer.failure();
    if (answer->reverted) return refuses("a subscription");
    Result<SubscriptionView> out = decode_subscription(answer->data, number->decimal());
    if (!out) return out;
    out->state.position = to_block(header).position;
    out->state.time = to_block(header).time;
    return out;
}

Result<PlanView> Reader::plan(std::string_view id, const At& at) {
    const Result<Uint256> number = parse_id(id, "plan");
    if (!number) return number.failure();
    const Result<CallResult> answer = call(config_.contract, view::plan(*number), at);
    if (!answer) return answer.failure();
    if (answer->reverted) return refuses("a plan");
    return decode_plan(answer->data);
}

Result<Uint256> Reader::earned(const Address& token, const At& at) {
    const Result<CallResult> answer = call(config_.contract, view::money(token), at);
    if (!answer) return answer.failure();
    if (answer->reverted) return refuses("its money");
    return decode_earned(answer->data);
}

Result<Bytes> Reader::sealed(std::string_view id, const At& at) {
    const Result<Uint256> number = parse_id(id, "credential");
    if (!number) return number.failure();
    const Result<CallResult> answer = call(config_.credential, view::sealed_of(*number), at);
    if (!answer) return answer.failure();
    if (answer->reverted) return Bytes{};
    const Result<std::string> text = decode_text(answer->data, kMaxSealedBytes);
    if (!text) return text.failure();
    return Bytes{text->begin(), text->end()};
}

Result<OwnerAnswer> Reader::owner_of(std::string_view credential, const At& at) {
    const Result<Uint256> token = parse_id(credential, "credential");
    if (!token) return token.failure();
    const Node::Call calls[] = {{config_.credential, view::owner_of(*token)},
                                {config_.credential, view::user_of(*token)}};
    const Result<Node::CallsAnswer> answer = node_.calls_at(calls, at.hash, at.height);
    if (!answer) return answer.failure();
    OwnerAnswer out;
    out.position = to_block(answer->header).position;
    if (answer->results[0].reverted) return out;  // ERC721NonexistentToken
    const Result<Address> owner = decode_address(answer->results[0].data);
    if (!owner) return owner.failure();
    out.exists = !owner->is_zero();
    out.owner = owner->text();
    if (!answer->results[1].reverted) {
        const Result<Address> user = decode_address(answer->results[1].data);
        if (!user) return user.failure();
        if (!user->is_zero()) out.user = user->text();
    }
    return out;
}

Result<Balances> Reader::balances(const Address& account, const At& at) {
    std::vector<Node::Call> calls;
    for (const Config::Token& token : config_.tokens) {
        if (calls.size() < kMaxTokens) calls.push_back({token.address, view::balance_of(account)});
    }
    // The calls' own check that the block is on the branch comes after the balance, so it holds for both.
    const Result<Uint256> coin = node_.balance_at(account, at.height);
    if (!coin) return coin.failure();
    const Result<Node::CallsAnswer> answer = node_.calls_at(calls, at.hash, at.height);
    if (!answer) return answer.failure();
    Balances out;
    out.position = to_block(answer->header).position;
    out.balances.push_back({"native", config_.profile.coin.symbol, config_.profile.coin.decimals, {coin->decimal()}});
    for (std::size_t i = 0; i < calls.size(); ++i) {
        if (answer->results[i].reverted) return refuses("a balance of token " + config_.tokens[i].address.text());
        const Result<Uint256> amount = decode_uint(answer->results[i].data);
        if (!amount) return amount.failure();
        const Config::Token& token = config_.tokens[i];
        out.balances.push_back({token.address.text(), token.symbol, token.decimals, {amount->decimal()}});
    }
    return out;
}

Result<Balances> Reader::escrow(const At& at) {
    Result<Balances> out = balances(config_.contract, at);
    if (!out) return out;
    out->account = config_.contract.text();
    for (Balances::Row& row : out->balances) {
        const Result<Address> token = parse_token(row.token);
        if (!token) return token.failure();
        const Result<CallResult> answer = call(config_.contract, view::money(*token), at);
        if (!answer) return answer.failure();
        if (answer->reverted) return refuses("its money");
        const Result<Balances::Escrow> parts = decode_money(answer->data);
        if (!parts) return parts.failure();
        row.escrow = *parts;
    }
    return out;
}

Result<Balances> Reader::treasury(const At& at) {
    const Result<CallResult> answer = call(config_.contract, view::treasury(), at);
    if (!answer) return answer.failure();
    if (answer->reverted) return refuses("its treasury");
    const Result<Address> address = decode_address(answer->data);
    if (!address) return address.failure();
    Result<Balances> out = balances(*address, at);
    if (!out) return out;
    out->account = address->text();
    if (!config_.split || *config_.split != *address) return out;
    for (Balances::Row& row : out->balances) {
        Result<std::vector<Balances::Share>> found = shares(*address, row.token, at);
        if (!found) return found.failure();
        row.shares = std::move(*found);
    }
    return out;
}

Result<std::vector<Balances::Share>> Reader::shares(const Address& split, const std::string& token, const At& at) {
    const Result<Address> address = parse_token(token);
    if (!address) return address.failure();
    const Result<CallResult> answer = call(split, view::shares(*address), at);
    if (!answer) return answer.failure();
    if (answer->reverted || answer->data.empty()) {
        return Failure{BH_E_UNAVAILABLE, "bad_contract",
                       "the configured split " + split.text() + " tells no shares; is it a RevenueSplit?", 0};
    }
    return decode_shares(answer->data);
}

Result<Uint256> Reader::due(const Address& token, std::string_view owner, const At& at) {
    if (!config_.split) return Failure{BH_E_UNSUPPORTED, "no_split", "this instance has no \"split\"", 0};
    const Result<std::vector<Balances::Share>> found = shares(*config_.split, token_text(token), at);
    if (!found) return found.failure();
    for (const Balances::Share& share : *found) {
        if (share.account == owner) return Uint256::from_decimal(share.due.units).value_or(Uint256{});
    }
    return Uint256{};
}

}  // namespace bh::evm
