// What the manifest asks for and the operator granted: what an instance gets. Pure.
#pragma once

#include "kernel/config/kernel_config.hpp"
#include "kernel/plugins/services.hpp"
#include "plugin-api/host/manifest.hpp"

namespace bh::plugins {

// A grant that the manifest does not ask for is a mistake in the operator's file, and named (BH_E_INVALID "grant"),
// like one that is no use without another. `settings`: the configuration with its defaults, which rows of the
// manifest's "network" may point into.
Result<ServiceGrants> agree_grants(const host::Manifest& manifest, const PluginConfig& config,
                                   const nlohmann::json& settings);

}  // namespace bh::plugins
