// The worker's own side: a small kernel for one plugin instance. Serves verbs, one thread per channel, and forwards
// what the plugin asks for. Ends with the process.
#pragma once

#include "kernel/worker/exchange.hpp"

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace bh::worker {

// One channel as the worker sees it. Requests of several threads of the plugin take turns.
struct Lane {
    Channel channel;
    Fd stop;
    std::mutex mutex;
    Writer out, reply;
    Buffer calls, answers;

    bh_status ask(const Exchange& exchange) noexcept;
    void tell(const Exchange& exchange) noexcept;
};

class Host {
public:
    explicit Host(Fd control) { control_.channel = Channel{std::move(control)}; }

    // Reads the first frame: true if it is one. Before any code of the plugin.
    bool greet();
    // Before any code of the plugin, too: says to the kernel why there will be none.
    bool asks_for(std::string_view service) const { return services_.contains(service); }
    void refuse(std::string_view reason, std::string_view message) { (void)answer_start(BH_E_DENIED, reason, message); }
    // Loads the plugin from `path`, makes the instance and says so to the kernel; false if there is none.
    bool make(const std::string& path);
    // Until the kernel closes the channel; destroys the instance.
    void serve();

    [[nodiscard]] const std::string& instance() const noexcept { return instance_; }

private:
    bool answer_start(bh_status status, std::string_view reason, std::string_view message);
    void serve_lane(Lane& lane);
    void open_lane();
    static const void* service(const bh_kernel* kernel, const char* id) noexcept;

    // Which of the background channels a thread asks on: the one with the fewest others.
    class Turn {
    public:
        explicit Turn(Host& host);
        ~Turn();
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        [[nodiscard]] Lane& lane() const { return host_.background_[place_]; }

    private:
        Host& host_;
        std::size_t place_ = 0;
    };

    friend struct ServiceSide;
    Lane control_;
    std::array<Lane, kBackground> background_;
    std::mutex turns_mutex_;
    std::array<std::size_t, kBackground> turns_{};
    std::string instance_, plugin_id_, kernel_version_, config_;
    std::vector<std::string> interfaces_;
    std::set<std::string, std::less<>> services_;
    bh_svc_log log_{};
    bh_kernel kernel_{};
    const bh_plugin* plugin_ = nullptr;
    bh_instance* self_ = nullptr;
};

}  // namespace bh::worker
