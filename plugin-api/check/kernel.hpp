// As much of a kernel as one plugin instance sees: log, secrets, store, signer, connect, launch. What the instance
// keeps here lives in a folder, so it outlives the process, as it would with the real one. Any thread.
#pragma once

#include "plugin-api/check/shared.hpp"
#include "plugin-api/host/manifest.hpp"

#include <blockhost/blockhost.h>

#include <functional>
#include <map>
#include <mutex>

namespace bh::check {

struct KernelSetup {
    const host::Manifest* manifest;
    std::string instance, directory;  // of the store and the log
    std::map<std::string, std::string> secrets;
    std::vector<std::string> network;           // host:port that may be reached
    std::function<void(const char*)> boundary;  // called before and after what can't be undone
};

class Kernel {
public:
    explicit Kernel(KernelSetup setup);
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;
    [[nodiscard]] const bh_kernel* c() const { return &kernel_; }
    [[nodiscard]] const KernelSetup& setup() const { return setup_; }
    [[nodiscard]] std::string store_path() const { return setup_.directory + "/store.json"; }
    [[nodiscard]] std::string log_path() const { return setup_.directory + "/log"; }
    [[nodiscard]] std::recursive_mutex& mutex() { return mutex_; }

private:
    KernelSetup setup_;
    bh_kernel kernel_;
    std::recursive_mutex mutex_;
};

// The public address of a key that the check's signer holds for tests: what a backend may let act.
std::string key_address(const std::string& key);

}  // namespace bh::check
