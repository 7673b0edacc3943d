// Reads a list of logs while it is scanned. For answer.cpp alone: it shows simdjson.
#pragma once

#include "plugins/chain-evm/abi/log.hpp"

#include <simdjson.h>

#include <vector>

namespace bh::evm {

// The name of a member; empty for one that is escaped or long, which none of JSON-RPC's is.
std::string_view name_of(const simdjson::ondemand::field& member);

// What of a value stands in the text; the value is consumed. Only a string's or an object's ends are certain: the
// caller reads all of it. Empty: there is none.
std::string_view text_of(simdjson::ondemand::value value);

// Appends to `out`. "" or what is wrong.
std::string read_log_list(simdjson::ondemand::array list, std::vector<Log>& out);

}  // namespace bh::evm
