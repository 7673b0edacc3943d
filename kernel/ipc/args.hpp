// Args: reads the typed arguments of a verb and refuses everything else.
//
//     Args args{request.args};
//     const std::string tap = args.text("tap", 15);
//     const std::int64_t uid = args.integer("uid", 0, kMaxUid);
//     if (auto bad = args.finish(); !bad) return bad.failure();
//
// The first mistake is kept and the getters return empty values from then on. Not thread-safe.
#pragma once

#include "plugin-api/documents/json.hpp"
#include "plugin-api/documents/result.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace bh::ipc {

class Args {
public:
    // `where` stands before each field's name in messages: "paths." for an object inside another.
    explicit Args(const nlohmann::json& object, std::string where = {}) : object_{object}, where_{std::move(where)} {}

    std::string text(const char* name, std::size_t max_bytes);
    std::string text_or(const char* name, std::size_t max_bytes, std::string_view absent);
    std::int64_t integer(const char* name, std::int64_t min, std::int64_t max);
    std::int64_t integer_or(const char* name, std::int64_t min, std::int64_t max, std::int64_t absent);
    bool flag_or(const char* name, bool absent);
    std::vector<std::uint8_t> hex(const char* name, std::size_t max_bytes);  // "0x..."
    const nlohmann::json& object(const char* name);
    const nlohmann::json& object_or_empty(const char* name);
    const nlohmann::json& list_or_empty(const char* name, std::size_t max_count);  // a nested object
    std::vector<std::string> texts(const char* name, std::size_t max_count, std::size_t max_bytes);

    // BH_E_INVALID with the first mistake, or because a field is there that nobody asked for.
    Status finish();

    // For a check of the caller's own: the field's full name, and its mistake unless there was one before.
    [[nodiscard]] std::string path(std::string_view name) const { return where_ + std::string{name}; }
    void refuse(const char* name, std::string_view what) { mistake(name, what); }

private:
    const nlohmann::json* find(const char* name, bool required);
    void mistake(const char* name, std::string_view what);

    const nlohmann::json& object_;
    std::string where_;
    std::set<std::string, std::less<>> known_;
    std::optional<Failure> failure_;
};

}  // namespace bh::ipc
