// What a plan promises, from its resources text on the chain. Pure.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <string>

namespace bh::life {

struct Resources {
    std::uint32_t cpus = 1;
    std::uint64_t memory_bytes = 0, disk_bytes = 0;
    std::string image;
};

inline constexpr std::uint32_t kMaxCpus = 512;
inline constexpr std::uint64_t kMaxMemoryBytes = 16ULL << 40, kMaxDiskBytes = 1ULL << 50;

// {"cpus":1,"disk_bytes":...,"memory_bytes":...,"image":"debian-12"}; `image` may be missing.
Result<Resources> parse_resources(const std::string& json, const std::string& default_image);

}  // namespace bh::life
