// From what a chain plugin reports to events, plans and subscriptions in the journal: one transaction holds the cursor
// and everything that its events mean. Same report again, same result. Runs inside the engine's transaction.
#pragma once

#include "kernel/ingest/finality.hpp"
#include "kernel/journal/journal.hpp"

namespace bh::life {

struct IngestSource {
    std::string instance;
    ChainDescription chain;
    FinalityRule finality;
};

struct Ingested {
    std::vector<std::int64_t> touched;      // rows of subscriptions to look at, each once
    std::vector<std::int64_t> transferred;  // of them: whose credential's transfer became final
    bool below_final = false;               // a rollback below a final position
    std::optional<std::uint64_t> kept;      // a rollback of any depth: the highest block that it left
    CursorRow cursor;                       // as it is now
    bool changed = false;
};

// BH_E_INVALID: the instance was used for another chain or contract before.
Result<Ingested> ingest(Tx& tx, const IngestSource& source, const ChainEvents& polled);

// The operator has looked at a rollback below a final position: destruction goes on.
Status accept_reorg(Tx& tx, const std::string& instance);

}  // namespace bh::life
