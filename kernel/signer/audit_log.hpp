// The signer's own record: one JSON line per signature or opened seal, in a file of mode 0600 that is only ever
// appended to. A line is on disk before its signature leaves. Holds no key and no plaintext. Thread-safe.
#pragma once

#include "kernel/signer/log_file.hpp"
#include "plugin-api/crypto/bytes.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace bh::signer {

struct AuditRow {
    std::string caller;  // plugin instance, or "kernel"
    std::string key;     // "agent", "server", "statement"
    std::string scheme;  // "eip1559-tx", ..., "owner-statement-1", "seal-2-request"
    crypto::Hash256 hash{};
};

class AuditLog {
public:
    // Refuses a file that is no regular one, of another user, or open to others.
    static Result<AuditLog> open(const std::string& path);

    // `what` says in clear what was signed. BH_E_UNAVAILABLE: not recorded, so nothing may be signed.
    Status append(const AuditRow& row, const nlohmann::json& what, std::int64_t unix_seconds);

private:
    explicit AuditLog(LogFile file) : file_{std::move(file)} {}
    LogFile file_;
};

}  // namespace bh::signer
