#include "tests/model/memory_journal.hpp"

#include <filesystem>
#include <fstream>

namespace bh::life {
namespace {

struct Files {
    std::mutex mutex;  // protects the maps
    std::map<std::string, std::shared_ptr<Tables>> tables;
    std::map<std::string, CommitSeam> seams;
};
Files& files() {
    static Files all;
    return all;
}

Failure disk_full() {
    return {BH_E_EXHAUSTED, "disk_full",
            "the journal can't be written, its disk is full: make room; nothing was changed", 0};
}

}  // namespace

std::shared_ptr<Tables> tables_at(const std::string& path) {
    const std::lock_guard lock{files().mutex};
    auto& slot = files().tables[path];
    if (!slot) slot = std::make_shared<Tables>();
    return slot;
}

void remove_tables(const std::string& path) {
    const std::lock_guard lock{files().mutex};
    files().tables.erase(path);
}

CommitSeam& commit_seam(const std::string& path) {
    const std::lock_guard lock{files().mutex};
    return files().seams[path];
}

Result<std::unique_ptr<Journal>> Journal::open(const std::string& path, Now now) {
    // Elsewhere than in the explorer a file stands for the tables, so that whoever removes it loses them.
    if (!path.starts_with(kMemory) && !std::filesystem::exists(path)) {
        remove_tables(path);
        std::ofstream{path};
    }
    return std::unique_ptr<Journal>{new Journal{std::make_unique<Database>(path), std::move(now)}};
}

Journal::Journal(std::unique_ptr<Database> db, Now now) : db_{std::move(db)}, now_{std::move(now)} {}
Journal::~Journal() = default;

void Journal::set_hooks(Hook before_commit, Hook after_commit) {
    before_commit_ = std::move(before_commit);
    after_commit_ = std::move(after_commit);
}

void Journal::set_on_trouble(OnTrouble told) { on_trouble_ = std::move(told); }

void Journal::note(const Status& written) {
    const std::string reason = written ? std::string{} : written.failure().reason;
    if (reason == trouble_) return;
    trouble_ = reason;
    if (on_trouble_) on_trouble_(written);
}

std::vector<std::string> Journal::take_scans() { return {}; }  // there is no table on a disk
std::uint64_t Journal::take_steps() { return 0; }

void Journal::fail_commits(int count) noexcept { failing_ = count; }

Status Journal::write(const std::string& name, const Body& body) { return run(name, body, true); }
Status Journal::read(const Body& body) { return run({}, body, false); }

Status Journal::run(const std::string& name, const Body& body, bool keep) {
    const std::lock_guard lock{mutex_};
    Tables& tables = *db_->tables;
    const Tables before = tables;
    Tx tx{*db_, now_()};
    Status answer = body(tx);
    if (answer && keep) {
        const CommitSeam& seam = commit_seam(db_->path);
        if (failing_ > 0 || (seam.full && seam.full())) {
            if (failing_ > 0) --failing_;
            answer = disk_full();
            note(answer);
        }
    }
    if (!answer || !keep) {
        tables = before;
        return answer;
    }
    if (before_commit_ && !name.empty()) before_commit_(name);
    note({});
    if (after_commit_ && !name.empty()) after_commit_(name);
    if (const CommitSeam& seam = commit_seam(db_->path); seam.committed) seam.committed();
    return answer;
}

}  // namespace bh::life
