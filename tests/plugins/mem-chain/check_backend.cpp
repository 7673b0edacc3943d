// The backend of the conformance check of mem-chain (plugin-api/check/README.md): purchases, blocks, reorganisations.
#include "tests/plugins/mem-chain/driver.hpp"

#include <cstdlib>
#include <filesystem>
#include <iostream>

using nlohmann::json;

namespace {

constexpr const char* kBuyer = "0x00000000000000000000000000000000000000b0";

json answer(bh::mem::ChainDriver& chain, const std::string& plan, const json& request) {
    const std::string what = request.value("do", "");
    if (what == "purchase") {
        chain.purchase(kBuyer, plan, 30, {1, 2, 3});
    } else if (what == "mine") {
        chain.mine(request.value("blocks", 1u));
    } else if (what == "reorg") {
        chain.reorg(request.value("depth", 1u), false);
    } else {
        return {{"error", "unknown request " + what}};
    }
    return json::object();
}

}  // namespace

int main() {
    const char* directory = std::getenv("BH_CHECK_DIR");
    if (directory == nullptr) return 2;
    const std::string folder = std::string{directory} + "/backend", file = folder + "/state.json";
    std::filesystem::create_directories(folder);
    bh::mem::ChainDriver chain{file};
    const std::string plan = chain.create_plan();
    std::cout << json{{"state_file", file}, {"state_folder", folder}, {"address", kBuyer}} << std::endl;
    for (std::string line; std::getline(std::cin, line);)
        std::cout << answer(chain, plan, json::parse(line, nullptr, false)) << std::endl;
}
