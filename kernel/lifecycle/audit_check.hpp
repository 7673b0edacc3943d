// Is the audit log whole? Its chain of hashes, and the anchors that the signer keeps of it. Any thread; reads a part at
// a time, so that the engine goes on.
#pragma once

#include "kernel/journal/audit.hpp"
#include "kernel/lifecycle/seams.hpp"

namespace bh::life {

struct AuditReport {
    AuditCheck check;
    std::string journal;                // its id
    std::vector<AuditAnchor> parents;   // journals that it goes on from, and up to which row it shares theirs
    std::optional<AuditAnchor> newest;  // anchor of this journal
    std::optional<AuditAnchor> other;   // the newest anchor of all, when it is of another journal than these
    std::string unread;                 // why the anchors could not be asked for; "" = they were
};
Result<AuditReport> check_audit(Journal& journal, VaultPort& vault);

}  // namespace bh::life
