// The daemon's log: one line per event to stderr, with time (UTC), level and the instance it concerns. The only place
// that knows spdlog. Thread-safe. Never give it a secret: nothing is scrubbed that was not registered.
#pragma once

#include "kernel/plugins/services.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace bh {

class Log final : public plugins::LogBackend {
public:
    // level: debug, info, warn or error.
    explicit Log(std::string_view level);
    ~Log() override;

    void debug(std::string_view message) { write(0, {}, {}, message); }
    void info(std::string_view message) { write(1, {}, {}, message); }
    void warn(std::string_view message) { write(2, {}, {}, message); }
    void error(std::string_view message) { write(3, {}, {}, message); }

    [[nodiscard]] std::uint32_t min_level() const noexcept override;
    void write(std::uint32_t level, std::string_view instance, std::string_view trace_id,
               std::string_view message) override;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bh
