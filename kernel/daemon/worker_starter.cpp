#include "kernel/daemon/service_backends.hpp"
#include "kernel/launch/client.hpp"

namespace bh::daemon {
namespace {

class Starter final : public worker::Starter {
public:
    explicit Starter(std::string socket) : client_{std::move(socket)} {}

    Result<Started> start(const std::string& instance, int control, int report, int plugin) override {
        auto started = client_.worker_start(instance, {control, report, plugin});
        if (!started) return started.failure();
        return Started{started->pid, std::move(started->limits), std::move(started->limits_why)};
    }
    Status end(const std::string& instance) override { return client_.worker_end(instance); }

private:
    launch::Client client_;
};

}  // namespace

std::unique_ptr<worker::Starter> make_worker_starter(std::string launch_socket) {
    return std::make_unique<Starter>(std::move(launch_socket));
}

}  // namespace bh::daemon
