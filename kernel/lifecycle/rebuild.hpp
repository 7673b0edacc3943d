// A delivered order whose VM is lost, built anew. Inside a transaction of the journal unless it says otherwise.
//
// The new VM has the op_ids, the name and the address of the first: a backend that still has one of them answers with
// it, and makes no second. Only its SSH host key is another, so its owner's details are sealed anew (kernel/reseal).
#pragma once

#include "kernel/journal/journal.hpp"
#include "kernel/lifecycle/config.hpp"
#include "kernel/lifecycle/ports.hpp"

namespace bh::life {

// Has any hypervisor the VM of this order? Asks both its list and, where the journal knows it, for the VM itself. Ok:
// none has. BH_E_CONFLICT naming the VM; BH_E_UNAVAILABLE when one of them doesn't answer. Not in a transaction.
Status find_no_vm(Ports& ports, const SubscriptionRow& row, const std::optional<VmRow>& known);

// Rows whose VM was built anew and whose owner has not been told yet, with the command that ordered it.
struct Rebuilt {
    std::int64_t row = 0;
    std::string command;  // hex digits: a digest of its nonce
};
void note_rebuilt(Tx& tx, std::int64_t row, const std::string& nonce);
void forget_rebuilt(Tx& tx, std::int64_t row);
std::vector<Rebuilt> rebuilt_rows(Tx& tx);

}  // namespace bh::life
