// Where a guest keeps things. The defaults are the real ones; tests give their own. Plain values.
#pragma once

#include <string>

namespace bh::guest {

struct Places {
    std::string state = "/var/lib/blockhost-guest";  // 0700 root: survives a reboot
    std::string run = "/run/blockhost-guest";        // 0700 root: does not
    std::string host_key = "/etc/ssh/ssh_host_ed25519_key.pub";

    [[nodiscard]] std::string first_boot() const { return state + "/first-boot"; }
    [[nodiscard]] std::string statement() const { return state + "/statement"; }
    [[nodiscard]] std::string statement_lock() const { return state + "/lock"; }
    [[nodiscard]] std::string clock() const { return state + "/clock"; }
    [[nodiscard]] std::string challenges() const { return run + "/challenges"; }
    [[nodiscard]] std::string failures() const { return run + "/failures"; }
    [[nodiscard]] std::string run_lock() const { return run + "/lock"; }
};

}  // namespace bh::guest
