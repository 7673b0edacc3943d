// The places on this machine that could hold volumes. Looks, changes nothing.
#pragma once

#include "plugin-api/documents/storage.hpp"

namespace storage_dir {

// The configured pool first, then the other file systems on disks. None of them would lose data.
bh::Result<std::vector<bh::Pool>> find_places(const std::string& configured);

}  // namespace storage_dir
