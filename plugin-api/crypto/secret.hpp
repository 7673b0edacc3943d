// Secret: bytes that wipe themselves. Can be moved, never copied, printed or compared with ==; compare with
// crypto::equal(). A Secret belongs to one thread at a time, like a vector.
#pragma once

#include "plugin-api/crypto/bytes.hpp"

#include <iosfwd>
#include <memory>

namespace bh::crypto {

// Overwrites memory in a way that the compiler keeps.
void wipe(void* data, std::size_t size) noexcept;
void wipe(std::string& text) noexcept;
void wipe(Bytes& bytes) noexcept;

class Secret {
public:
    Secret() noexcept = default;
    explicit Secret(std::size_t size);  // all zero
    static Secret copy_of(ByteView bytes);

    Secret(Secret&& other) noexcept;
    Secret& operator=(Secret&& other) noexcept;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret();

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::uint8_t* data() noexcept { return data_.get(); }
    [[nodiscard]] ByteView view() const noexcept { return {data_.get(), size_}; }

    // A copy of its own, for a second owner.
    [[nodiscard]] Secret clone() const { return copy_of(view()); }
    // Keeps the first `size` bytes (at most size()) and wipes the rest.
    void shrink(std::size_t size) noexcept;
    // Keeps the pages out of swap; false where the limit of locked memory does not allow it.
    bool lock() noexcept;

    bool operator==(const Secret&) const = delete;
    friend std::ostream& operator<<(std::ostream&, const Secret&) = delete;

private:
    void destroy() noexcept;
    std::unique_ptr<std::uint8_t[]> data_;
    std::size_t size_ = 0;
    std::size_t allocated_ = 0;
};

}  // namespace bh::crypto
