// The first-boot data of a guest as a NoCloud disk: ISO9660 with Rock Ridge and Joliet, volume label "cidata". The only
// code that knows libarchive. Any thread.
#pragma once

#include "plugin-api/documents/hypervisor.hpp"

namespace hypervisor_qemu {

// Replaces `path` by a disk with the three files; mode 0660.
bh::Status write_seed(const std::string& path, const bh::FirstBoot& data);

}  // namespace hypervisor_qemu
