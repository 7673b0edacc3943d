// What the launcher's tests share: a launcher with one instance of units and one of tools, and shorthands.
#pragma once

#include "kernel/ipc/server.hpp"
#include "kernel/launch/process_id.hpp"
#include "kernel/launch/testing.hpp"

namespace bh::launch::testing {

inline const std::string kOwner = "a0000000000000000000000000000000000000aa";
inline const std::string kOther = "b0000000000000000000000000000000000000bb";

struct World {
    Place place;
    std::string vms = place / "run/vm", pool = place.directory("pool", 0711);
    Launcher launcher{place, instances()};

    std::string instances() const {
        return "  hyper:\n    programs: {sh: /bin/sh, missing: /nowhere/program}\n    directories: [" + vms + ", " +
               pool +
               "]\n  store:\n    tools:\n      sh: {path: /bin/sh, commands: [[\"-c\", \"[a-z0-9 ;/>&-]+\"]]}\n"
               "      cat: {path: /bin/cat, commands: [[]]}\n";
    }
    UnitSpec spec(const std::string& script) const {
        UnitSpec spec;
        spec.program = "sh";
        spec.args = {"-c", script};
        spec.memory_bytes = std::uint64_t{512} << 20;
        spec.max_processes = 32;
        return spec;
    }
    UnitSpec spec_in(const std::string& owner, const std::string& script) const {
        UnitSpec made = spec("cd " + vms + "/" + owner + "; " + script);
        made.paths = {{vms + "/" + owner, "rw", "directory"}};
        return made;
    }
    Result<Unit> start(const std::string& unit, const UnitSpec& spec, const std::vector<int>& fds = {}) {
        return launcher.call([&](Client& c) { return c.start("hyper", unit, unit.substr(0, 40), spec, "", fds); });
    }
    Result<Unit> status(const std::string& unit) {
        return launcher.call([&](Client& c) { return c.status("hyper", unit); });
    }
    Status signal(const std::string& unit, int number) {
        return launcher.call([&](Client& c) { return c.signal("hyper", unit, number); });
    }
    bool ends(const std::string& unit) {
        return wait_until([&] {
            const auto now = status(unit);
            return now && now->state == "ended";
        });
    }
    std::string file(const std::string& name, mode_t mode = 0660, uid_t owner = kKernelUser) const {
        write_text(pool + "/" + name, "x");
        REQUIRE(::chown((pool + "/" + name).c_str(), owner, kKernelUser) == 0);
        REQUIRE(::chmod((pool + "/" + name).c_str(), mode) == 0);
        return pool + "/" + name;
    }
    // What start says to one path.
    Failure refusal(const UnitPath& path) {
        auto wanted = spec("exit 0");
        wanted.paths = {path};
        const auto started = start(kOwner, wanted);
        REQUIRE_FALSE(started);
        REQUIRE(status(kOwner).failure().code == BH_E_NOT_FOUND);
        return started.failure();
    }
};

inline std::string field(const std::string& status, const std::string& name) {
    const auto at = status.find("\n" + name + ":\t");
    return at == std::string::npos
               ? ""
               : status.substr(at + name.size() + 3, status.find('\n', at + 1) - at - name.size() - 3);
}

inline Failure raw_call(World& world, const std::string& verb, const nlohmann::json& args, uid_t as = kKernelUser) {
    const AsKernel kernel{as};
    ipc::Client client{world.launcher.socket(), "blockhost-launch"};
    const auto answer = client.call(verb, args);
    REQUIRE_FALSE(answer);
    return answer.failure();
}

}  // namespace bh::launch::testing
