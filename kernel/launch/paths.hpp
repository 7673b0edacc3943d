// The files and directories of a unit: opened without following links, given to the unit's uid.
//
// Rules: a path is below one of the instance's directories; no component is a link; an "rw" object belongs to the
// kernel, to a worker that may write there, or to this unit already (never to root or to another unit), a file has one
// name. The caller needs CAP_CHOWN and the kernel's group, and no right to override permissions.
#pragma once

#include "kernel/launch/config.hpp"
#include "plugin-api/documents/launch.hpp"

#include <functional>

namespace bh::launch {

struct Grantee {
    uid_t unit_uid = 0;
    uid_t kernel_uid = 0;
    gid_t kernel_gid = 0;
    // Whether what `owner` has at `path` may become the unit's: a worker made it where it may write, or the uid is of
    // the launcher's range and nobody's, as after a lost launcher state.
    std::function<bool(uid_t owner, const std::string& path)> may_take;
};

// Makes one path of a unit-spec usable for the unit. BH_E_DENIED: a rule is broken. BH_E_NOT_FOUND: a file is missing.
Status grant_path(const std::vector<std::string>& directories, const UnitPath& path, const Grantee& grantee);

// Whether nothing is at `path` any more; false when that can't be told.
bool is_gone(const std::vector<std::string>& directories, const std::string& path);

}  // namespace bh::launch
