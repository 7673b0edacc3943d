// A page that a check and the process that watches it share, so that what it was doing is known when it dies.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bh::check {

struct Shared {
    char step[256];                   // what the plugin is asked for now
    char last_words[256];             // of a process that ends: an exception, a forbidden system call
    char note[512];                   // what a check that passed has to tell
    int answer_to;                    // descriptor on which a child gives its result: the one it may always write to
    std::atomic<int> boundaries;      // points of no return that this attempt has passed
    std::atomic<int> forbidden_call;  // number of the system call that a quiet phase made, -1 = none

    template <std::size_t N>
    static void put(char (&field)[N], std::string_view text) noexcept {
        const std::size_t size = std::min(text.size(), N - 1);
        std::memcpy(field, text.data(), size);
        field[size] = '\0';
    }
};

class SharedPage {
public:
    SharedPage() {
        void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) throw std::runtime_error{"no shared memory"};
        page_ = new (memory) Shared{};
        page_->forbidden_call = -1;
    }
    SharedPage(const SharedPage&) = delete;
    SharedPage& operator=(const SharedPage&) = delete;
    ~SharedPage() { ::munmap(page_, sizeof(Shared)); }
    Shared& operator*() const { return *page_; }

private:
    Shared* page_;
};

}  // namespace bh::check
