// The arguments of the verbs, read and checked for form. What the launcher then allows is service.cpp's affair.
#pragma once

#include "plugin-api/documents/json.hpp"
#include "plugin-api/documents/launch.hpp"

#include <chrono>
#include <cstdint>

namespace bh::launch {

inline constexpr std::int64_t kMaxRunMilliseconds = 6LL * 3600 * 1000;  // of a one-shot program

struct StartArgs {
    std::string instance, unit, owner, tap_owner;
    UnitSpec spec;
    std::string spec_text;  // to_json(spec)
};
struct UnitArgs {
    std::string instance, unit;
};
struct SignalArgs {
    std::string instance, unit;
    int number = 0;
};
struct ListArgs {
    std::string instance, page;
};
struct RunArgs {
    std::string instance;
    RunRequest request;
    std::chrono::milliseconds time{};
};

Result<StartArgs> read_start_args(const nlohmann::json& args, std::size_t passed_fds);
Result<std::string> read_instance_args(const nlohmann::json& args);
Result<UnitArgs> read_unit_args(const nlohmann::json& args);
Result<SignalArgs> read_signal_args(const nlohmann::json& args);
Result<ListArgs> read_list_args(const nlohmann::json& args);
Result<RunArgs> read_run_args(const nlohmann::json& args);

}  // namespace bh::launch
