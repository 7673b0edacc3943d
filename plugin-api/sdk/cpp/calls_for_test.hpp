// What the SDK's own tests call a class through, as a kernel would.
#pragma once

#include "plugin-api/sdk/cpp/plugin.hpp"

#include <catch2/catch_test_macros.hpp>

namespace bh::sdk::test {

inline const void* no_service(const bh_kernel*, const char*) noexcept { return nullptr; }
inline const bh_kernel kKernel{sizeof(bh_kernel), 0, nullptr, {"inst", 4}, no_service};

struct FakeCall {
    std::string checkpoint;
    std::uint32_t cancel = BH_CANCEL_NONE;
    bh_status save_status = BH_OK;
    bh_call call{sizeof(bh_call),
                 1,
                 {"op-1", 4},
                 {},
                 {},
                 0,
                 -1,
                 0,
                 this,
                 [](const bh_call* c) noexcept { return std::int32_t{self(c).cancel != BH_CANCEL_NONE}; },
                 [](const bh_call* c) noexcept { return self(c).cancel; },
                 [](const bh_call*, std::uint32_t, bh_str) noexcept {},
                 [](const bh_call* c, bh_bytes blob, bh_error* err) noexcept {
                     self(c).checkpoint.assign(reinterpret_cast<const char*>(blob.ptr), blob.len);
                     return report(err, self(c).save_status, "disk_full", "the disk is full");
                 }};
    static FakeCall& self(const bh_call* c) noexcept { return *static_cast<FakeCall*>(c->ctx); }
};

// An instance of T behind its ABI, and the last error.
template <class T>
struct Loaded {
    const bh_plugin* plugin = &PluginGlue<T>::table;
    bh_instance* instance = nullptr;
    bh_error error{};
    Loaded() {
        error.struct_size = sizeof error;
        REQUIRE(plugin->create(&kKernel, str("{}"), &instance, &error) == BH_OK);
    }
    ~Loaded() { plugin->destroy(instance); }
    template <class V>
    const V& table(const char* id) {
        REQUIRE(plugin->query(id) != nullptr);
        return *static_cast<const V*>(plugin->query(id));
    }
};

}  // namespace bh::sdk::test
