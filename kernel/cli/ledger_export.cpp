#include "kernel/cli/ledger_export.hpp"

#include "kernel/cli/show.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <iostream>
#include <sstream>

namespace bh::cli {
namespace {

using nlohmann::json;

constexpr const char* kColumns[] = {"account", "time", "instance", "kind",   "subscription", "token", "in",
                                    "out",     "back", "who",      "height", "block",        "tx",    "final"};

// All pages of a route, as rows with the columns above.
Status collect(const Context& context, const std::string& route, const char* list, json& rows,
               const std::function<json(const json&)>& row_of) {
    std::int64_t after = 0;
    do {
        const auto page = context.api.get(route + "?limit=1000&after=" + std::to_string(after));
        if (!page) return page.failure();
        for (const auto& row : page->at(list)) rows.push_back(row_of(row));
        after = page->value("next", std::int64_t{0});
    } while (after != 0);
    return {};
}

json escrow_row(const json& entry) {
    json row = entry;
    row["account"] = "escrow";
    return row;
}

json fee_row(const json& fee) {
    return {{"account", "host"},
            {"time", fee.at("time")},
            {"instance", fee.at("instance")},
            {"kind", "fee of " + fee.at("action").get<std::string>()},
            {"subscription", ""},
            {"token", "native"},
            {"in", "0"},
            {"out", fee.at("out")},
            {"back", "0"},
            {"who", ""},
            {"height", nullptr},
            {"block", ""},
            {"tx", fee.at("tx")},
            {"final", true}};
}

std::string csv_of(const json& rows) {
    std::ostringstream out;
    const auto line = [&out](const auto& field_of) {
        const char* separator = "";
        for (const char* column : kColumns) {
            out << separator << csv_field(field_of(column));
            separator = ",";
        }
        out << "\r\n";
    };
    line([](const char* column) { return std::string{column}; });
    for (const auto& row : rows) {
        line([&row](const char* column) {
            const auto& value = row.at(column);
            if (value.is_string()) return value.template get<std::string>();
            return value.is_null() ? std::string{} : value.dump();
        });
    }
    return out.str();
}

// Whole or not at all: a file that could not be written to its end is removed.
Status write_new(const std::string& path, const std::string& text) {
    const auto failed = [&path] {
        return Failure{BH_E_DENIED, "not_written", "cannot write " + path + ": " + std::strerror(errno), 0};
    };
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return failed();
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t wrote = ::write(fd, text.data() + done, text.size() - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) break;
        done += static_cast<std::size_t>(wrote);
    }
    const bool whole = done == text.size() && ::fsync(fd) == 0;
    const Failure failure = failed();
    ::close(fd);
    if (whole) return {};
    ::unlink(path.c_str());
    return failure;
}

}  // namespace

std::string csv_field(const std::string& text) {
    std::string out = text;
    if (!out.empty() && std::strchr("=+-@\t\r", out.front()) != nullptr) out.insert(0, "'");
    if (out.find_first_of(",\"\r\n") == std::string::npos) return out;
    std::string quoted = "\"";
    for (const char c : out) quoted += c == '"' ? "\"\"" : std::string(1, c);
    return quoted + "\"";
}

int ledger_export(const Context& context, const std::string& format, const std::string& output) {
    json rows = json::array();
    if (auto ok = collect(context, "/v1/funds/ledger", "entries", rows, escrow_row); !ok)
        return report(context, ok.failure());
    if (auto ok = collect(context, "/v1/funds/fees", "fees", rows, fee_row); !ok) return report(context, ok.failure());
    const std::string text = format == "csv" && !context.json ? csv_of(rows) : json{{"ledger", rows}}.dump(2) + "\n";
    if (output.empty()) {
        std::cout << text;
        return std::cout.flush() ? kDone : kFailed;
    }
    if (auto ok = write_new(output, text); !ok) return report(context, ok.failure());
    std::cout << (context.json ? json{{"file", output}, {"rows", rows.size()}}.dump(2)
                               : std::to_string(rows.size()) + " rows in " + output)
              << '\n';
    return kDone;
}

}  // namespace bh::cli
