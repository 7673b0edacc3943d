#include "kernel/daemon/system_ports.hpp"

#include <sys/random.h>

#include <array>
#include <chrono>
#include <fstream>

namespace bh::daemon {
namespace {

class SystemClock final : public life::Clock {
public:
    std::int64_t unix_ms() override {
        return std::chrono::duration_cast<std::chrono::milliseconds>(
                   std::chrono::system_clock::now().time_since_epoch())
            .count();
    }
    std::uint64_t monotonic_ns() override {
        return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch() /
                                          std::chrono::nanoseconds{1});
    }
    std::string boot_id() override {
        std::ifstream file{"/proc/sys/kernel/random/boot_id"};
        std::string id;
        std::getline(file, id);
        return id;
    }
    Result<std::string> random_id() override {
        std::array<std::uint8_t, 16> bytes{};
        if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
            return Failure{BH_E_INTERNAL, "no_random", "the system gave no random bytes"};
        }
        return hex_from_bytes(bytes.data(), bytes.size()).substr(2);
    }
};

}  // namespace

std::unique_ptr<life::Clock> make_system_clock() { return std::make_unique<SystemClock>(); }

}  // namespace bh::daemon
