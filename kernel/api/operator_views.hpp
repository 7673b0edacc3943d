// What the local API shows an operator who has to decide: the state of the audit log, and what would be taken away.
// docs/api.md names each field.
#pragma once

#include "kernel/lifecycle/audit_check.hpp"
#include "kernel/lifecycle/foresee.hpp"
#include "plugin-api/documents/json.hpp"

namespace bh::api {

nlohmann::json audit_check_view(const life::AuditReport& report);
nlohmann::json gc_view(const life::GcReport& report);

}  // namespace bh::api
