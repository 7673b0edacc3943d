// Anchors of the kernel's audit log, kept where blockhostd can't change them: one JSON line each, appended to a file of
// the signer's own. For one journal they only go forward, and what was anchored once is never anchored otherwise, so a
// log that was cut, changed or put back to an older state shows. Thread-safe.
#pragma once

#include "kernel/signer/log_file.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace bh::signer {

struct Anchor {
    std::string journal;    // 32 hex digits
    std::int64_t row = 0;   // from 1
    std::string hash;       // 64 hex digits
    std::int64_t time = 0;  // Unix seconds
    bool operator==(const Anchor&) const = default;
};

inline constexpr std::size_t kAnchorsPerAnswer = 1000;

class AnchorLog {
public:
    // `now` answers Unix seconds. BH_E_CORRUPT: a line of the file is none of ours.
    static Result<AnchorLog> open(const std::string& path, std::function<std::int64_t()> now);

    // The same one again is ok at once. BH_E_CONFLICT: this journal was anchored further on, or this row with another
    // hash: the kernel's journal was put back or changed.
    Status put(const std::string& journal, std::int64_t row, const std::string& hash);
    // The newest of this journal ("" = of whichever was anchored last).
    std::optional<Anchor> newest(const std::string& journal);
    // Of this journal behind `after`, in order, at most kAnchorsPerAnswer.
    Result<std::vector<Anchor>> list(const std::string& journal, std::int64_t after);

private:
    AnchorLog(LogFile file, std::function<std::int64_t()> now) : file_{std::move(file)}, now_{std::move(now)} {}
    LogFile file_;
    std::function<std::int64_t()> now_;
    std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();  // of what follows
    std::map<std::string, Anchor> newest_;
    std::string last_journal_;
};

}  // namespace bh::signer
