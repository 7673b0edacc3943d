// An anchor: what the audit log's head was at some time, kept outside the journal by somebody who can't change the
// journal and whom the journal's owner can't make forget. Plain values.
#pragma once

#include "plugin-api/documents/common.hpp"

#include <string>

namespace bh::life {

struct AuditAnchor {
    std::string journal;   // which journal: 32 hex digits, made with it
    std::int64_t row = 0;  // the newest row of its audit log then
    std::string hash;      // of that row, 64 hex digits
    UnixTime time;         // when it was kept
    bool operator==(const AuditAnchor&) const = default;
};

}  // namespace bh::life
