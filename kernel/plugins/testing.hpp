// Backends that keep everything in memory, for tests of the services.
#pragma once

#include "kernel/plugins/services.hpp"
#include "kernel/plugins/verb.hpp"

#include <blockhost/svc/log.h>

namespace bh::plugins::testing {

struct Log : LogBackend {
    [[nodiscard]] std::uint32_t min_level() const noexcept override { return BH_LOG_INFO; }
    void write(std::uint32_t, std::string_view instance, std::string_view, std::string_view message) override {
        last = std::string{instance} + ": " + std::string{message};
    }
    std::string last;
};

struct Store : StoreBackend {
    Result<Bytes> get(const std::string& instance, const std::string& key) override {
        const auto it = rows.find({instance, key});
        if (it == rows.end()) return Failure{BH_E_NOT_FOUND, "no_key", "no such key"};
        return it->second;
    }
    Status put(const std::string& instance, const std::vector<std::pair<std::string, Bytes>>& changes) override {
        for (const auto& [key, value] : changes) {
            if (value.empty()) {
                rows.erase({instance, key});
            } else {
                rows[{instance, key}] = value;
            }
        }
        return {};
    }
    Result<Keys> list(const std::string& instance, const std::string& prefix, const std::string& page) override {
        Keys found;
        for (const auto& [id, value] : rows) {
            if (id.first == instance && id.second.rfind(prefix, 0) == 0 && id.second > page)
                found.keys.push_back(id.second);
        }
        return found;
    }
    std::map<std::pair<std::string, std::string>, Bytes> rows;
};

struct Signer : SignerBackend {
    Result<Bytes> sign(const std::string& instance, const std::string& key, const std::string& scheme,
                       const Bytes& payload) override {
        last = instance + "/" + key + "/" + scheme;
        return payload;
    }
    Result<Bytes> public_key(const std::string&) override { return Bytes{4}; }
    std::string last;
};

template <class Vtable>
const Vtable* service(const Services& services, const char* id) {
    const auto* kernel = services.kernel();
    return static_cast<const Vtable*>(kernel->service(kernel, id));
}

}  // namespace bh::plugins::testing
