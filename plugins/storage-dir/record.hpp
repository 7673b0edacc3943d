// What is kept beside each volume, as volumes/OP_ID.json: what was asked for, and the volume that came of it.
//
// It is written before the volume is made ("making"), so that whatever exists of a volume is always known by its
// op_id; and again when the volume is in place ("ready"). A volume that is ready and missing is lost, not unfinished.
#pragma once

#include "plugin-api/documents/fields/storage.hpp"

#include <optional>

namespace storage_dir {

struct Record {
    std::string state;  // "making" | "ready"
    bh::VolumeSpec spec;
    bh::Volume volume;
};

template <class F>
void fields(F& f, bh::Is<Record> auto& x) {
    f.required("state", x.state, "making or ready.");
    f.required("spec", x.spec, "What was asked for.");
    f.required("volume", x.volume, "The volume.");
}

// The files of one directory of volumes. No state of its own; each op_id is handled by one thread at a time.
class Records {
public:
    explicit Records(std::string directory) : directory_{std::move(directory)} {}

    // BH_E_CORRUPT: the file is damaged. nullopt: there is none.
    [[nodiscard]] bh::Result<std::optional<Record>> find(const std::string& op_id) const;
    [[nodiscard]] bh::Status save(const std::string& op_id, const Record& record) const;  // durable
    [[nodiscard]] bh::Status remove(const std::string& op_id) const;                      // durable
    // op_ids after `after`, in byte order, at most `count`.
    [[nodiscard]] bh::Result<std::vector<std::string>> op_ids(std::string_view after, std::size_t count) const;

private:
    std::string directory_;
};

// [a-z0-9-]{1,64}: whatever becomes part of a path.
bool is_op_id(std::string_view text);

}  // namespace storage_dir
