// What a node says over WebSocket after eth_subscribe("newHeads"), read with suspicion: it may only cause a poll. Pure.
//
// Source of the format: https://geth.ethereum.org/docs/interacting-with-geth/rpc/pubsub
#pragma once

#include "plugin-api/documents/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bh::evm {

// The two questions that are sent first, in this order.
std::string heads_question_chain();
std::string heads_question_subscribe();

struct HeadsMessage {
    enum class Kind : std::uint8_t {
        chain_id,    // number: the chain that it serves
        subscribed,  // text: the id of the subscription
        head,        // text: the id of the subscription; number: the height of a new block
        refused,     // text: why it answers one of the questions with an error
        other        // JSON, and nothing that was asked for
    };
    Kind kind = Kind::other;
    std::uint64_t number = 0;
    std::string text;
};

// nullopt: no JSON object.
std::optional<HeadsMessage> read_heads_message(std::string_view json);

}  // namespace bh::evm
