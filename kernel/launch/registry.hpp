// What the launcher remembers: one INSTANCE/UNIT.json per unit (whose it is, its uid, its spec) beside the UNIT.run of
// its supervisor, and the uids that follow from them. All of it is on disk; nothing is cached, so that a new launcher
// knows what the old one knew. Call under one lock.
#pragma once

#include "kernel/ipc/fd.hpp"
#include "kernel/launch/run_record.hpp"
#include "plugin-api/documents/launch.hpp"

#include <optional>

namespace bh::launch {

struct UnitRecord {
    std::string instance, unit, owner;
    uid_t uid = 0;
    std::string limits;  // "cgroup2", "cgroup1" or "rlimit"
    std::string spec;    // to_json(UnitSpec) of its last start
};

class Registry {
public:
    // `directory` must exist, belong to the caller and be closed to others.
    static Result<Registry> open(const std::string& directory);

    Result<std::optional<UnitRecord>> find(const std::string& instance, const std::string& unit) const;
    Status save(const UnitRecord& record) const;  // durable
    void remove(const UnitRecord& record) const;

    Result<std::vector<UnitRecord>> all() const;
    // Names of an instance's units after `after`, in byte order, at most `count`.
    Result<std::vector<std::string>> names(const std::string& instance, const std::string& after,
                                           std::size_t count) const;

    // The directory in which the supervisor of a unit of `instance` writes; made if missing.
    Result<Fd> instance_directory(const std::string& instance) const;

private:
    explicit Registry(std::string directory) : directory_{std::move(directory)} {}
    std::string directory_;
};

}  // namespace bh::launch
