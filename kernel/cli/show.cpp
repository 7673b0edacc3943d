#include "kernel/cli/show.hpp"

#include "plugin-api/documents/common.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ostream>

namespace bh::cli {

void print_table(std::ostream& out, const std::vector<std::string>& head,
                 const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> width;
    width.reserve(head.size());
    for (const auto& name : head) width.push_back(name.size());
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
    }
    const auto line = [&](const std::vector<std::string>& cells) {
        for (std::size_t i = 0; i < cells.size(); ++i) {
            out << cells[i];
            if (i + 1 < cells.size()) out << std::string(width[i] - cells[i].size() + 2, ' ');
        }
        out << '\n';
    };
    line(head);
    for (const auto& row : rows) line(row);
}

std::string cell(const nlohmann::json& object, const char* name) {
    const auto it = object.find(name);
    if (it == object.end() || it->is_null()) return "-";
    if (it->is_string()) return it->get_ref<const std::string&>().empty() ? "-" : it->get<std::string>();
    return it->dump();
}

std::string clock_ms(const nlohmann::json& object, const char* name) {
    const auto it = object.find(name);
    if (it == object.end() || !it->is_number_integer() || it->get<std::int64_t>() == 0) return "-";
    const auto ms = it->get<std::int64_t>();
    std::string text = time_to_text({ms / 1000});
    text[10] = ' ';
    std::array<char, 8> fraction{};
    std::snprintf(fraction.data(), fraction.size(), ".%03d", static_cast<int>(ms % 1000));
    return text.substr(0, 19) + fraction.data();
}

std::string span_ms(std::int64_t ms) {
    std::array<char, 32> text{};
    const auto seconds = ms / 1000;
    if (seconds < 60) {
        std::snprintf(text.data(), text.size(), "%.1f s", static_cast<double>(ms) / 1000.0);
    } else if (seconds < 3600) {
        std::snprintf(text.data(), text.size(), "%d m %d s", static_cast<int>(seconds / 60),
                      static_cast<int>(seconds % 60));
    } else if (seconds < 86400) {
        std::snprintf(text.data(), text.size(), "%d h %d m", static_cast<int>(seconds / 3600),
                      static_cast<int>(seconds % 3600 / 60));
    } else {
        std::snprintf(text.data(), text.size(), "%d d %d h", static_cast<int>(seconds / 86400),
                      static_cast<int>(seconds % 86400 / 3600));
    }
    return text.data();
}

std::string bytes_text(std::uint64_t bytes) {
    static constexpr std::array<const char*, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 1024 && unit + 1 < kUnits.size()) {
        value /= 1024;
        ++unit;
    }
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), value < 10 && unit > 0 ? "%.1f %s" : "%.0f %s", value, kUnits[unit]);
    return text.data();
}

}  // namespace bh::cli
