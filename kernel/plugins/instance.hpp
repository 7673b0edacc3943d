// One running instance of a plugin: what the four ports stand on. Made by the registry, destroyed by it after
// quiesce().
#pragma once

#include "kernel/worker/no_block.hpp"
#include "plugin-api/documents/common.hpp"

#include <blockhost/plugin.h>

#include <algorithm>
#include <functional>
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
    // Of a plugin in this process: the [no-block] members that blocked. A worker keeps its own.
    mutable worker::Blocked blocked;
    std::function<void(const std::string& message)> warn;  // may be empty

    // Vtable of an interface, or null. `Vtable` must be the struct of that id.
    template <class Vtable>
    [[nodiscard]] const Vtable* find(const char* id) const {
        if (promised != nullptr && std::find(promised->begin(), promised->end(), id) == promised->end()) return nullptr;
        return static_cast<const Vtable*>(without_blocking("query", [&] { return plugin->query(id); }));
    }

    // Calls a [no-block] member, and notes it if it does block. In a process of its own the worker does that.
    template <class F>
    auto without_blocking(const char* member, F&& call) const {
        if (promised != nullptr) return call();
        std::uint32_t ms = 0;
        auto result = worker::measured(ms, call);
        if (ms > 0 && blocked.note(member, ms) && warn) warn(worker::blocked_text(member, ms));
        return result;
    }

    // health() as ok or the failure.
    Status health();
};

}  // namespace bh::plugins
