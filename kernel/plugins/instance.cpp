#include "kernel/plugins/instance.hpp"

#include "kernel/plugins/verb.hpp"

namespace bh::plugins {

Status Instance::health() {
    auto detail = read_verb(name, [&](bh_sink out, bh_error* err) { return plugin->health(self, out, err); });
    if (!detail) return detail.failure();
    return {};
}

}  // namespace bh::plugins
