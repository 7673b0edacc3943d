// As much of the kernel as chain-evm needs, in memory: a signer with a test key, a store, a log. It stands for the real
// services only where the tests look at the plugin alone.
#pragma once

#include "plugin-api/crypto/address.hpp"

#include <blockhost/blockhost.h>

#include <atomic>
#include <functional>
#include <map>
#include <mutex>

namespace bh::evm::test {

class KernelDouble {
public:
    explicit KernelDouble(std::uint8_t key_byte = 0x11);

    [[nodiscard]] const bh_kernel* kernel() const { return &kernel_; }
    [[nodiscard]] crypto::Address agent() const { return agent_; }
    [[nodiscard]] const crypto::Secret& key() const { return key_; }

    std::map<std::string, Bytes> store;  // keep it to restart, clear it to lose it
    std::vector<std::string> log;
    std::map<std::string, std::string> secrets;
    std::vector<Bytes> signed_payloads;
    bool signer_refuses = false;
    std::atomic<std::uint64_t> wakes{0};
    std::function<void()> on_wake;
    std::mutex mutex;

private:
    bh_kernel kernel_{};
    crypto::Secret key_;
    crypto::Address agent_;
};

}  // namespace bh::evm::test
