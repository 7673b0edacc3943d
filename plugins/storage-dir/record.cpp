#include "plugins/storage-dir/record.hpp"

#include "plugin-api/sdk/cpp/durable_file.hpp"

#include <algorithm>
#include <filesystem>

namespace storage_dir {

namespace {
constexpr mode_t kMode = 0640;
constexpr std::string_view kEnd = ".json";
}  // namespace

bool is_op_id(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

bh::Result<std::optional<Record>> Records::find(const std::string& op_id) const {
    const std::string path = directory_ + "/" + op_id + std::string{kEnd};
    auto text = bh::sdk::read_file(path);
    if (!text) return text.failure();
    if (!*text) return std::optional<Record>{};
    auto record = bh::read_document<Record>(**text);
    if (!record || record->volume.volume != op_id) {
        return bh::Failure{BH_E_CORRUPT, "record",
                           path + " is damaged" + (record ? "" : ": " + record.failure().message)};
    }
    return std::optional{std::move(*record)};
}

bh::Status Records::save(const std::string& op_id, const Record& record) const {
    return bh::sdk::write_durably(directory_, op_id + std::string{kEnd}, bh::write_document(record), kMode);
}

bh::Status Records::remove(const std::string& op_id) const {
    const std::string path = directory_ + "/" + op_id + std::string{kEnd};
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return bh::sdk::file_failure("remove", path);
    return bh::sdk::sync_directory(directory_);
}

bh::Result<std::vector<std::string>> Records::op_ids(std::string_view after, std::size_t count) const {
    std::vector<std::string> found;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator{directory_, error}) {
        const std::string name = entry.path().filename();
        if (!name.ends_with(kEnd)) continue;
        std::string op_id = name.substr(0, name.size() - kEnd.size());
        if (is_op_id(op_id) && op_id > after) found.push_back(std::move(op_id));
    }
    if (error) return bh::Failure{BH_E_UNAVAILABLE, "file", "cannot list " + directory_ + ": " + error.message()};
    std::ranges::sort(found);
    if (found.size() > count) found.resize(count);
    return found;
}

}  // namespace storage_dir
