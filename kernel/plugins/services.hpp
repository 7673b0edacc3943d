// The services that the kernel offers to one plugin instance: log, store, wake, secrets, signer, launch, connect, chain
// (blockhost/svc/*.h).
//
// A service is there when the manifest asks for it and the operator granted it; log, store and wake always are. What
// stands behind a service comes in through the backends below, so that each rule here is a unit test. All methods may
// be called from any thread.
#pragma once

#include "kernel/ipc/fd.hpp"
#include "kernel/plugins/endpoint.hpp"
#include "plugin-api/documents/common.hpp"
#include "plugin-api/documents/contract.hpp"
#include "plugin-api/documents/launch.hpp"

#include <blockhost/call.h>
#include <blockhost/kernel.h>

#include <functional>
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

class ConnectBackend {
public:
    virtual ~ConnectBackend() = default;
    // A connected, non-blocking TCP socket, by the deadline (CLOCK_MONOTONIC; 0 = the backend's own). BH_E_TIMEOUT,
    // BH_E_UNAVAILABLE; BH_E_DENIED: the name leads to this machine.
    virtual Result<Fd> tcp(const Endpoint& endpoint, std::uint64_t deadline_ns) = 0;
};

// Other instances' chains, by instance; which may be used for what is the service's own check. What is about the chain
// instance arrives as BH_E_UNAVAILABLE. Documents are those of blockhost/svc/chain.h.
class ChainBackend {
public:
    virtual ~ChainBackend() = default;
    // An address in the chain's own spelling, or BH_E_INVALID.
    virtual Result<std::string> canonical(const std::string& chain, const std::string& address) = 0;
    virtual Result<std::string> read(const std::string& chain, const std::string& request, const std::string& at,
                                     std::uint32_t min_agree) = 0;
    virtual Result<std::string> logs(const std::string& chain, const std::string& filter, const std::string& cursor,
                                     std::uint32_t max) = 0;
    // One transaction for each user, op_id of `call` and step. BH_PENDING until it is final.
    virtual Result<std::string> submit(const std::string& user, const std::string& chain, const bh_call* call,
                                       const std::string& step, const ContractCall& what) = 0;
};

struct ServiceBackends {
    LogBackend* log = nullptr;        // required
    StoreBackend* store = nullptr;    // required
    SignerBackend* signer = nullptr;  // null: not there for anybody
    LaunchBackend* launch = nullptr;
    worker::Starter* workers = nullptr;  // null: no instance may run in a process of its own
    ConnectBackend* connect = nullptr;
    ChainBackend* chain = nullptr;  // the registry's own, which it fills in
    // For the registry: the newest position of a chain instance that the kernel holds for final.
    std::function<Position(const std::string& instance)> final_at = [](const std::string&) { return Position{}; };
    // An instance has something new to look at. Takes no time, whoever calls it how often.
    std::function<void(const std::string& instance)> wake = [](const std::string&) {};
};

// What a plugin may do with one chain.
struct ChainGrant {
    std::string instance;                // of the chain plugin
    std::vector<std::string> contracts;  // that it may read, and submit to
    std::vector<Bytes> submit;           // what the data of a call that it submits may begin with
};

struct ServiceGrants {
    std::set<std::string> services;              // ids that manifest and operator agree on
    std::set<std::string> keys;                  // of the signer
    std::map<std::string, std::string> secrets;  // name -> file
    std::set<Endpoint> connect = {};
    std::map<std::string, ChainGrant> chains = {};  // by the manifest's name
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
