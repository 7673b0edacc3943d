// blockhost chain: the chains and the ways to them.
#include "kernel/cli/commands.hpp"
#include "kernel/cli/show.hpp"

#include <iostream>

namespace bh::cli {
namespace {

using nlohmann::json;

std::string caught_text(const json& endpoint) {
    std::string out;
    for (const auto& row : endpoint.at("caught")) {
        out += (out.empty() ? "" : ", ") + cell(row, "what") + " x" + cell(row, "count");
        if (row.value("height", std::uint64_t{0}) != 0) out += " (block " + cell(row, "height") + ")";
    }
    return out.empty() ? "-" : out;
}

// "subscribed", "silent, 2 ends": how its new blocks are heard of without asking.
std::string heads_text(const json& endpoint) {
    const json heads = endpoint.value("heads", json{});
    if (!heads.is_object()) return "-";
    const auto ends = heads.value("ends", std::uint64_t{0});
    return cell(heads, "state") + (ends == 0 ? "" : ", " + std::to_string(ends) + (ends == 1 ? " end" : " ends"));
}

void print_endpoints(const json& chain) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& endpoint : chain.at("endpoints")) {
        rows.push_back({"  " + cell(endpoint, "name"), cell(endpoint, "state"),
                        endpoint.value("votes", false) ? "yes" : "no", cell(endpoint, "head"), cell(endpoint, "lag"),
                        cell(endpoint, "answers"), cell(endpoint, "errors"), cell(endpoint, "latency_ms"),
                        heads_text(endpoint), caught_text(endpoint)});
    }
    print_table(std::cout,
                {"  endpoint", "state", "votes", "head", "lag", "answers", "errors", "ms", "heads", "caught at"}, rows);
    for (const auto& endpoint : chain.at("endpoints")) {
        if (cell(endpoint, "last_error") == "-") continue;
        std::cout << "  " << cell(endpoint, "last_error_at") << "  " << cell(endpoint, "last_error") << '\n';
    }
    for (const auto& endpoint : chain.at("endpoints")) {
        const json heads = endpoint.value("heads", json{});
        if (heads.is_object() && cell(heads, "last_error") != "-")
            std::cout << "  heads of " << cell(endpoint, "name") << ": " << cell(heads, "last_error") << '\n';
    }
}

}  // namespace

int chain_status(const Context& context) {
    const auto answer = context.api.get("/v1/chains");
    if (!answer) return report(context, answer.failure());
    if (context.json) {
        std::cout << answer->dump(2) << '\n';
        return kDone;
    }
    for (const auto& chain : answer->at("chains")) {
        std::cout << "chain " << cell(chain, "instance") << " (" << cell(chain, "chain")
                  << "): " << cell(chain, "health");
        if (chain.value("agree", 0U) > 0) std::cout << "; " << cell(chain, "agree") << " must agree";
        std::cout << '\n';
        if (!chain.at("endpoints").empty()) print_endpoints(chain);
    }
    return kDone;
}

}  // namespace bh::cli
