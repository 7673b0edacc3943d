// What the local API shows of the host's money. docs/api.md names each field.
#pragma once

#include "kernel/funds/report.hpp"
#include "plugin-api/documents/json.hpp"

namespace bh::api {

nlohmann::json funds_view(const funds::ChainReport& report);
nlohmann::json host_tx_view(const life::HostTxRow& row);
nlohmann::json host_txs_view(const std::vector<life::HostTxRow>& rows);
nlohmann::json ledger_view(const funds::EntryPage& page);
// Fees of the host's transactions, and how to go on: {"fees", "next"}.
Result<nlohmann::json> fees_view(life::Journal& journal, std::int64_t after, std::uint32_t limit);
Result<nlohmann::json> outages_view(life::Journal& journal, std::int64_t row);

}  // namespace bh::api
