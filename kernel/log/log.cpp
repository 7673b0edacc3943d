#include "kernel/log/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace bh {

struct Log::Impl {
    spdlog::logger logger;
};

namespace {

constexpr std::size_t kMaxLine = 4096;

spdlog::level::level_enum level_of(std::uint32_t level) {
    switch (level) {
        case 0:
            return spdlog::level::debug;
        case 1:
            return spdlog::level::info;
        case 2:
            return spdlog::level::warn;
        default:
            return spdlog::level::err;
    }
}

// A plugin's or a node's text must not forge lines or move the terminal.
std::string one_line(std::string_view text) {
    std::string line{text.substr(0, kMaxLine)};
    std::replace_if(line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
    return line;
}

}  // namespace

Log::Log(std::string_view level)
    : impl_{std::make_unique<Impl>(
          Impl{spdlog::logger{"blockhostd", std::make_shared<spdlog::sinks::stderr_sink_mt>()}})} {
    impl_->logger.set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    impl_->logger.set_level(spdlog::level::from_str(std::string{level}));
    impl_->logger.flush_on(spdlog::level::debug);
}

Log::~Log() = default;

std::uint32_t Log::min_level() const noexcept {
    return static_cast<std::uint32_t>(
        std::clamp(static_cast<int>(impl_->logger.level()) - static_cast<int>(spdlog::level::debug), 0, 3));
}

void Log::write(std::uint32_t level, std::string_view instance, std::string_view trace_id, std::string_view message) {
    if (!impl_->logger.should_log(level_of(level))) return;
    std::string line;
    if (!instance.empty()) line.append("[").append(one_line(instance)).append("] ");
    if (!trace_id.empty()) line.append("(").append(one_line(trace_id)).append(") ");
    impl_->logger.log(level_of(level), "{}", line + one_line(message));
}

}  // namespace bh
