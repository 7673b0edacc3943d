// The audit log: a row per decision that touches money, keys or a VM, append-only, each row's hash over the one before.
#pragma once

#include "kernel/journal/journal.hpp"

namespace bh::life {

void append_audit(Tx& tx, const std::string& actor, const std::string& action, const std::string& subject,
                  const std::string& detail);
std::vector<AuditRow> list_audit(Tx& tx, std::int64_t after, std::uint32_t limit);
std::string audit_head(Tx& tx);  // hash of the newest row, "" = none
// Ok: every hash follows from its row and the one before. Else which row does not.
Status verify_audit(Tx& tx);

// meta: single values of the journal ("boot_id", ...).
std::string meta(Tx& tx, const std::string& key);
void set_meta(Tx& tx, const std::string& key, const std::string& value);

// Operators' commands run once. False: this nonce was used before.
bool use_nonce(Tx& tx, const std::string& nonce, const std::string& command);

}  // namespace bh::life
