// The signer that the host has, with the policy and transactions of its own tests, behind the plugins' signer service.
#pragma once

#include "kernel/plugins/services.hpp"
#include "kernel/signer/signer.hpp"
#include "kernel/signer/test_house.hpp"

#include <stdexcept>

namespace bh::worker::testing {

// The signer's own code, with the policy of the signer's tests: this plugin may send the agent's transactions.
class RealSigner final : public plugins::SignerBackend {
public:
    explicit RealSigner(signer::AuditLog log)
        : signer_{policy(), signer::testing::keyring(), std::move(log), [] { return std::int64_t{1'700'000'000}; }} {}
    Result<Bytes> sign(const std::string& instance, const std::string& key, const std::string& scheme,
                       const Bytes& payload) override {
        auto made = signer_.sign(instance, key, scheme, payload);
        if (!made) return made.failure();
        return std::move(made->signature);
    }
    Result<Bytes> public_key(const std::string&) override { return Bytes{4}; }

private:
    static signer::SignerConfig policy() {
        auto config = signer::testing::config();
        config.grants.push_back({"probe", "eip1559-tx", "eip155:31337", {}, {}, {}, {}, {}});
        return config;
    }
    signer::Signer signer_;
};

inline Bytes transaction(const std::string& name) {
    const auto file = signer::testing::read_testdata("transactions");
    for (const auto& row : file.at("transactions")) {
        if (row.at("name") == name) return signer::testing::bytes_at(row, "payload");
    }
    throw std::runtime_error{"no transaction " + name};
}

}  // namespace bh::worker::testing
