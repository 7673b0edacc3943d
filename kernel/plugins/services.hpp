// The services that the kernel offers to one plugin instance: log, store, secrets, signer, launch (blockhost/svc/*.h).
//
// A service is there when the manifest asks for it and the operator granted it; log and store always are. What stands
// behind a service comes in through the backends below, so that each rule here is a unit test. All methods may be
// called from any thread.
#pragma once

#include "plugin-api/documents/common.hpp"
#include "plugin-api/documents/launch.hpp"

#include <blockhost/kernel.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace bh::worker {
class Starter;
}

namespace bh::plugins {

class LogBackend {
public:
    virtual ~LogBackend() = default;
    [[nodiscard]] virtual std::uint32_t min_level() const noexcept = 0;  // BH_LOG_*
    virtual void write(std::uint32_t level, std::string_view instance, std::string_view trace_id,
                       std::string_view message) = 0;
};

// Durable key-value rows, one name space per instance, with its own limit of bytes. put: all or nothing; an empty value
// removes.
class StoreBackend {
public:
    struct Keys {
        std::vector<std::string> keys;
        std::string next;  // page token, "" = that was all
    };
    virtual ~StoreBackend() = default;
    virtual Result<Bytes> get(const std::string& instance, const std::string& key) = 0;  // BH_E_NOT_FOUND
    virtual Status put(const std::string& instance, const std::vector<std::pair<std::string, Bytes>>& changes) = 0;
    virtual Result<Keys> list(const std::string& instance, const std::string& prefix, const std::string& page) = 0;
};

class SignerBackend {
public:
    virtual ~SignerBackend() = default;
    virtual Result<Bytes> sign(const std::string& instance, const std::string& key, const std::string& scheme,
                               const Bytes& payload) = 0;
    virtual Result<Bytes> public_key(const std::string& key) = 0;
};

class LaunchBackend {
public:
    virtual ~LaunchBackend() = default;
    virtual Result<Unit> start(const std::string& instance, const std::string& unit, const UnitSpec& spec,
                               const std::vector<int>& fds) = 0;
    virtual Result<Unit> status(const std::string& instance, const std::string& unit) = 0;
    virtual Status signal(const std::string& instance, const std::string& unit, int number) = 0;
    virtual Result<UnitPage> list(const std::string& instance, const std::string& page) = 0;
    virtual Result<RunResult> run(const std::string& instance, const RunRequest& request,
                                  std::uint64_t deadline_ns) = 0;
};

struct ServiceBackends {
    LogBackend* log = nullptr;        // required
    StoreBackend* store = nullptr;    // required
    SignerBackend* signer = nullptr;  // null: not there for anybody
    LaunchBackend* launch = nullptr;
    worker::Starter* workers = nullptr;  // null: no instance may run in a process of its own
};

struct ServiceGrants {
    std::set<std::string> services;              // ids that manifest and operator agree on
    std::set<std::string> keys;                  // of the signer
    std::map<std::string, std::string> secrets;  // name -> file
};

// The bh_kernel of one instance. At a fixed address; must outlive the instance.
class Services {
public:
    Services(std::string instance, ServiceGrants grants, ServiceBackends backends);
    Services(const Services&) = delete;
    Services& operator=(const Services&) = delete;
    ~Services();

    [[nodiscard]] const bh_kernel* kernel() const noexcept;

    struct State;  // known to the vtables of services.cpp only

private:
    std::unique_ptr<State> state_;
};

}  // namespace bh::plugins
