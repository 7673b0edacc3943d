#include "kernel/signer/anchors.hpp"

#include "plugin-api/documents/json.hpp"
#include "plugin-api/formats/utc.hpp"

#include <sstream>

namespace bh::signer {
namespace {

using nlohmann::json;

// Calls `each` with every anchor of the file's text, in order.
Status read_lines(const std::string& text, const std::function<void(Anchor)>& each) {
    std::istringstream lines{text};
    std::int64_t number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        const json one = json::parse(line, nullptr, false);
        const auto is = [&one](const char* name, auto type) { return one.contains(name) && (one[name].*type)(); };
        const auto text_type = &json::is_string;
        const auto number_type = &json::is_number_integer;
        if (!one.is_object() || !is("journal", text_type) || !is("hash", text_type) || !is("row", number_type) ||
            !is("unix", number_type)) {
            return Failure{BH_E_CORRUPT, "anchor_log",
                           "line " + std::to_string(number) +
                               " of the signer's anchors is none: the file was changed; put it aside and find out by "
                               "whom"};
        }
        each({one["journal"].get<std::string>(), one["row"].get<std::int64_t>(), one["hash"].get<std::string>(),
              one["unix"].get<std::int64_t>()});
    }
    return {};
}

}  // namespace

Result<AnchorLog> AnchorLog::open(const std::string& path, std::function<std::int64_t()> now) {
    auto file = LogFile::open(path);
    if (!file) return file.failure();
    AnchorLog log{std::move(*file), std::move(now)};
    auto text = log.file_.read_all();
    if (!text) return text.failure();
    auto known = read_lines(*text, [&log](Anchor anchor) {
        log.last_journal_ = anchor.journal;
        log.newest_[anchor.journal] = std::move(anchor);
    });
    if (!known) return known.failure().within(path);
    return log;
}

Status AnchorLog::put(const std::string& journal, std::int64_t row, const std::string& hash) {
    const std::lock_guard lock{*mutex_};
    const auto known = newest_.find(journal);
    if (known != newest_.end()) {
        const Anchor& last = known->second;
        if (last.row == row && last.hash == hash) return {};
        if (last.row >= row) {
            return Failure{BH_E_CONFLICT, "anchored_further",
                           "row " + std::to_string(last.row) +
                               " of this journal is anchored already, with other contents or further on: the journal "
                               "was put back or changed"};
        }
    }
    const std::int64_t at = now_();
    const auto time = formats::utc_text(at);
    const nlohmann::ordered_json line{
        {"time", time ? *time : std::to_string(at)}, {"unix", at}, {"journal", journal}, {"row", row}, {"hash", hash}};
    if (auto kept = file_.append(line.dump()); !kept) return kept;
    newest_[journal] = {journal, row, hash, at};
    last_journal_ = journal;
    return {};
}

std::optional<Anchor> AnchorLog::newest(const std::string& journal) {
    const std::lock_guard lock{*mutex_};
    const auto known = newest_.find(journal.empty() ? last_journal_ : journal);
    if (known == newest_.end()) return std::nullopt;
    return known->second;
}

Result<std::vector<Anchor>> AnchorLog::list(const std::string& journal, std::int64_t after) {
    auto text = file_.read_all();
    if (!text) return text.failure();
    std::vector<Anchor> all;
    auto read = read_lines(*text, [&](Anchor anchor) {
        if (all.size() < kAnchorsPerAnswer && anchor.journal == journal && anchor.row > after)
            all.push_back(std::move(anchor));
    });
    if (!read) return read.failure();
    return all;
}

}  // namespace bh::signer
