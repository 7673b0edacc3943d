// The arguments of the verbs, read and checked for form. What the launcher then allows is service.cpp's affair.
#pragma once

#include "plugin-api/documents/launch.hpp"

#include <nlohmann/json.hpp>

#include <chrono>

namespace blockhost::launch {

struct StartArgs {
    std::string instance, unit, owner, tap_owner;
    bh::UnitSpec spec;
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
    bh::RunRequest request;
    std::chrono::milliseconds time{};
};

bh::Result<StartArgs> read_start_args(const nlohmann::json& args, std::size_t passed_fds);
bh::Result<UnitArgs> read_unit_args(const nlohmann::json& args);
bh::Result<SignalArgs> read_signal_args(const nlohmann::json& args);
bh::Result<ListArgs> read_list_args(const nlohmann::json& args);
bh::Result<RunArgs> read_run_args(const nlohmann::json& args);

}  // namespace blockhost::launch
