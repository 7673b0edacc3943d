// What the local API shows of the journal, as JSON. Read-only; each function is one read transaction. docs/api.md names
// each field.
#pragma once

#include "kernel/journal/journal.hpp"
#include "plugin-api/documents/chain.hpp"
#include "plugin-api/documents/json.hpp"

#include <cstdint>
#include <string>

namespace bh::api {

inline constexpr std::uint32_t kMaxRows = 1000;

Result<nlohmann::json> status_view(life::Journal& journal);
Result<nlohmann::json> subscriptions_view(life::Journal& journal, const std::string& state, std::int64_t after,
                                          std::uint32_t limit);
// The newest holder of the id, with timeline, jobs, events, VM, address and attestation. BH_E_NOT_FOUND.
Result<nlohmann::json> subscription_view(life::Journal& journal, const std::string& instance, const std::string& id);
Result<nlohmann::json> vms_view(life::Journal& journal);
Result<nlohmann::json> plans_view(life::Journal& journal);
Result<nlohmann::json> events_view(life::Journal& journal, std::int64_t before, std::uint32_t limit);
Result<nlohmann::json> jobs_view(life::Journal& journal, const std::string& state, std::uint32_t limit);
Result<nlohmann::json> job_view(life::Journal& journal, std::int64_t number);
Result<nlohmann::json> audit_view(life::Journal& journal, std::int64_t after, std::uint32_t limit);

// What an instance says of the ways to its chain. `health` is its verdict now.
nlohmann::json chain_view(const std::string& instance, const Status& health, const ChainDescription& description);

}  // namespace bh::api
