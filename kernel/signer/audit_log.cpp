#include "kernel/signer/audit_log.hpp"

#include "plugin-api/documents/json.hpp"
#include "plugin-api/formats/utc.hpp"

namespace bh::signer {

Result<AuditLog> AuditLog::open(const std::string& path) {
    auto file = LogFile::open(path);
    if (!file) return file.failure();
    return AuditLog{std::move(*file)};
}

Status AuditLog::append(const AuditRow& row, const nlohmann::json& what, std::int64_t unix_seconds) {
    const auto time = formats::utc_text(unix_seconds);
    const nlohmann::ordered_json line{{"time", time ? *time : std::to_string(unix_seconds)},
                                      {"caller", row.caller},
                                      {"key", row.key},
                                      {"scheme", row.scheme},
                                      {"what", what},
                                      {"hash", crypto::hex0x(row.hash)}};
    return file_.append(line.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
}

}  // namespace bh::signer
