// Whether a node that tells of new blocks may be relied on to do so, and for how long the next poll may wait. Judged by
// what polls find: who is silent while blocks come is found out, and who tells of blocks that never come gains nothing.
// Pure; one thread at a time.
#pragma once

#include <algorithm>
#include <cstdint>

namespace bh::evm {

class HeadsTrust {
public:
    // A block that it tells of is polled for at the usual interval for so long: the nodes that are asked may be slower.
    static constexpr std::int64_t kWaitForMs = 5000;

    // It tells of a block. `now_ms`: a steady clock.
    void told(std::uint64_t height, std::int64_t now_ms) {
        ++told_;
        height_told_ = height;
        told_ms_ = now_ms;
    }

    // Its connection ended, or is new: it has to prove itself again.
    void forget() {
        relied_ = owed_ = silent_ = false;
        height_told_ = 0;
    }

    // A poll found `height` to be the newest block.
    void polled(std::uint64_t height, std::int64_t now_ms) {
        const bool fresh = now_ms - told_ms_ < kWaitForMs;
        const bool heard = told_ != told_before_ || (fresh && height <= height_told_);
        const bool more = polled_once_ && height > height_;
        told_before_ = told_;
        height_ = height;
        polled_once_ = true;
        if (heard) {
            if (more || owed_) relied_ = true, silent_ = false;
            owed_ = false;
        } else if (owed_) {  // a word may be a moment late, but not a whole poll
            relied_ = false;
            silent_ = true;
            owed_ = more;
        } else {
            owed_ = more;
        }
        waited_for_ = fresh && height_told_ > height;
    }

    // Of a block that is not there yet, or of one that comes now, it will tell.
    [[nodiscard]] bool relied_on() const { return relied_ && !waited_for_; }
    // Blocks came without a word.
    [[nodiscard]] bool silent() const { return silent_; }

private:
    std::uint64_t told_ = 0, told_before_ = 0, height_told_ = 0, height_ = 0;
    std::int64_t told_ms_ = 0;
    bool polled_once_ = false, relied_ = false, silent_ = false;
    bool owed_ = false;        // a block came, and no word of it yet
    bool waited_for_ = false;  // a word, and the block is not there yet
};

}  // namespace bh::evm
