// One running instance of a plugin: what the four ports stand on. Made by the registry, destroyed by it after
// quiesce().
#pragma once

#include "plugin-api/documents/common.hpp"

#include <blockhost/plugin.h>

#include <mutex>
#include <string>

namespace bh::plugins {

struct Instance {
    std::string name;  // as the operator calls it: "machines-1"
    const bh_plugin* plugin = nullptr;
    bh_instance* self = nullptr;
    std::mutex serial;  // held around [serial] verbs

    // Vtable of an interface, or null. `Vtable` must be the struct of that id.
    template <class Vtable>
    [[nodiscard]] const Vtable* find(const char* id) const noexcept {
        return static_cast<const Vtable*>(plugin->query(id));
    }

    // health() as ok or the failure.
    Status health();
};

}  // namespace bh::plugins
