// What an endpoint answered, out of its JSON-RPC 2.0 envelopes. Lists of logs, of which there may be very many, are
// read straight into Log; every other value becomes a nlohmann::json. answer.cpp and log_list.cpp are all that knows
// simdjson (docs/decisions/0005-simdjson.md). Pure, safe on any thread.
#pragma once

#include "plugin-api/documents/json.hpp"
#include "plugins/chain-evm/abi/log.hpp"

#include <optional>
#include <vector>

namespace bh::evm {

struct Answer {
    std::optional<std::uint32_t> id;  // nullopt: it has none of ours
    bool no_id = false;               // it has none at all, or null
    // At most one of the three is set; none: neither result nor error.
    std::optional<nlohmann::json> error, result;
    std::optional<std::vector<Log>> logs;
};

struct Answers {
    bool batch = false;  // a list, whose items that are no objects are empty answers
    std::vector<Answer> items;
};

enum class Results : std::uint8_t { values, logs };

// How much memory behind its text read_answers needs; it is added where the capacity lacks it.
inline constexpr std::size_t kAnswerPadding = 64;

// `results`: whether a result that is a list is one of logs; each must then be a log of a block (eth_getLogs), not
// `removed`, above the one before it. Any failure is BH_E_UNAVAILABLE "endpoint_garbage", whose message says what is
// wrong as a part of a sentence: no JSON in UTF-8, no answer, a member twice, log 7: data is no hex.
Result<Answers> read_answers(std::string& text, Results results);

}  // namespace bh::evm
