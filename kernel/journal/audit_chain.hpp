// How the rows of the audit log hang together, whatever they are stored in: the journal in memory of tests/model has
// the same. The functions of audit.hpp that need no table are in audit_chain.cpp.
#pragma once

#include "kernel/journal/rows.hpp"

namespace bh::life {

// SHA-256 in hex of "bh-audit/1", `previous`, n, at_ms, actor, action, subject and detail, each behind its length in 4
// bytes, big-endian; numbers in decimal. `hash` is not read.
std::string chain_hash(const AuditRow& row);

}  // namespace bh::life
