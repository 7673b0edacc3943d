#include "kernel/cli/answer.hpp"

#include "kernel/cli/show.hpp"

#include <iostream>

namespace bh::cli {

using nlohmann::json;

int report(const Context& context, const Failure& failure) {
    if (context.json) {
        std::cout << json{{"error", {{"code", failure.code}, {"reason", failure.reason}, {"message", failure.message}}}}
                         .dump(2)
                  << '\n';
    } else {
        std::cerr << "blockhost: " << failure.message << '\n';
    }
    if (failure.reason == "daemon") return kNoDaemon;
    return failure.code == BH_E_NOT_FOUND ? kNotFound : kFailed;
}

int show(const Context& context, const Result<json>& answer, const std::function<void(const json&)>& print) {
    if (!answer) return report(context, answer.failure());
    if (context.json) {
        std::cout << answer->dump(2) << '\n';
    } else {
        print(*answer);
    }
    return kDone;
}

int show(const Context& context, const std::string& path, const std::function<void(const json&)>& print) {
    return show(context, context.api.get(path), print);
}

void table(const json& list, const std::vector<std::pair<std::string, const char*>>& columns) {
    std::vector<std::string> head;
    head.reserve(columns.size());
    for (const auto& [title, field] : columns) head.push_back(title);
    std::vector<std::vector<std::string>> rows;
    for (const auto& item : list) {
        auto& row = rows.emplace_back();
        for (const auto& [title, field] : columns) {
            const std::string_view name{field};
            row.push_back(name.ends_with("_ms") ? clock_ms(item, field) : cell(item, field));
        }
    }
    print_table(std::cout, head, rows);
}

}  // namespace bh::cli
