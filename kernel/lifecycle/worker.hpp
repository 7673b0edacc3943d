// Inside the folder: one attempt of one step, on the thread that calls run(). work.hpp is the way in.
#pragma once

#include "kernel/lifecycle/plan.hpp"
#include "kernel/lifecycle/work.hpp"

namespace bh::life {

class Worker {
public:
    Worker(const WorkInput& in, const EngineConfig& config, Ports& ports, const Call& call)
        : in_{in}, config_{config}, ports_{ports}, call_{call} {}

    WorkResult run();

private:
    // Reads anew, immediately before the verb. False: refused, or the chain could not be asked.
    bool guarded();
    bool fail(Failure failure);
    Status act();

    // work_host.cpp
    [[nodiscard]] Result<Resources> resources() const;
    Result<Image> image();
    Status check();
    Status reserve();
    Status list_addresses();
    static Failure found_again(const std::string& hypervisor, const std::string& vm);
    Status volume_create();
    Status vm_create();
    // The hypervisor's port and our VM, checked; `gone` when the backend has none.
    struct Target {
        HypervisorPort* port = nullptr;
        Vm vm;
        bool gone = false;
    };
    Result<Target> target();
    static Failure lost(const Target& target);
    Status start();
    Status stop();
    Status reach();
    static Failure wait(const std::string& why);
    Status destroy();
    Status destroy_unknown();
    Status delete_unknown_volumes();
    Status volume_delete();
    Status clean();

    // work_chain.cpp
    [[nodiscard]] RequestContext context() const;
    [[nodiscard]] UnixTime stage(const char* name) const;
    Status seal();
    Status submit(const Intent& intent);
    Status submit_simple(const char* action);
    Status deliver();
    Status decline();

    const WorkInput& in_;
    const EngineConfig& config_;
    Ports& ports_;
    const Call& call_;
    WorkResult out_;
    std::optional<Failure> guard_failure_;
};

}  // namespace bh::life
