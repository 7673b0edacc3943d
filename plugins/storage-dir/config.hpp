// The configuration of storage-dir; plugin.json has its schema.
#pragma once

#include "plugin-api/documents/codec.hpp"

namespace storage_dir {

struct Config {
    std::string path;                 // the pool: absolute
    std::uint64_t reserve_bytes = 0;  // no new volume when less than this is free
};

template <class F>
void fields(F& f, bh::Is<Config> auto& x) {
    f.required("path", x.path, "The pool.");
    f.optional("reserve_bytes", x.reserve_bytes, "Kept free.");
}

}  // namespace storage_dir
