// Measures the times in which a paid VM did not run and its tenant was not the cause: the machine was down, or the VM's
// process ended with an error, was stopped from outside, or is gone. By policy they are credited.
//
// A VM that its tenant switches off is started again by the lifecycle and is no outage. When nobody can tell
// (blockhostd or the hypervisor's plugin does not answer), nothing is measured until the next answer; then the time
// since the VM was last seen running counts if it does not run, and nothing does if it has run on.
//
// One thread calls step().
#pragma once

#include "kernel/funds/treasurer.hpp"

#include <map>

namespace bh::funds {

class Outages {
public:
    using Treasurers = std::map<std::string, Treasurer*>;  // by chain instance
    Outages(life::Journal& journal, life::Ports& ports, Config config, Treasurers treasurers,
            std::function<bool()> recovering);

    // Looks at all VMs once, and orders what is to be credited. Also what an earlier process had begun.
    void step();

private:
    using Listed = std::map<std::string, std::vector<Vm>>;  // by hypervisor instance
    struct Seen {
        std::string instance;
        std::int64_t at_s = 0;  // running, and when
    };
    struct Moment {
        std::int64_t now_s, alive_s;  // alive: of the last look that the journal knows of
        bool rebooted;                // the machine, since then
    };
    bool look();
    std::vector<life::VmRow> suspects_in(life::Tx& tx, const Listed& listed) const;
    void look_at(life::Tx& tx, const life::VmRow& vm, const std::vector<Vm>& all, const Moment& at);
    void credit();

    life::Journal& journal_;
    life::Ports& ports_;
    Config config_;
    Treasurers treasurers_;
    std::function<bool()> recovering_;
    std::map<std::string, Seen> seen_;  // at the last look, by op_id
    bool looked_ = false;
};

}  // namespace bh::funds
