// One running instance of a plugin: what the four ports stand on. Made by the registry, destroyed by it after
// quiesce().
#pragma once

#include "plugin-api/documents/common.hpp"

#include <blockhost/plugin.h>

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

namespace bh::plugins {

// `plugin` and `self` are the plugin's own, or stand for one in a process of its own (kernel/worker): no port can tell.
struct Instance {
    std::string name;  // as the operator calls it: "machines-1"
    const bh_plugin* plugin = nullptr;
    bh_instance* self = nullptr;
    // Interfaces that are there although plugin->query() can't be asked: what the manifest promises and the worker's
    // loader has seen. Null: ask.
    const std::vector<std::string>* promised = nullptr;
    std::mutex serial;  // held around [serial] verbs

    // Vtable of an interface, or null. `Vtable` must be the struct of that id.
    template <class Vtable>
    [[nodiscard]] const Vtable* find(const char* id) const noexcept {
        if (promised != nullptr && std::find(promised->begin(), promised->end(), id) == promised->end()) return nullptr;
        return static_cast<const Vtable*>(plugin->query(id));
    }

    // health() as ok or the failure.
    Status health();
};

}  // namespace bh::plugins
