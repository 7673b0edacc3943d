#include "plugin-api/crypto/secret.hpp"

#include <openssl/crypto.h>
#include <sys/mman.h>

#include <algorithm>
#include <utility>

namespace bh::crypto {

void wipe(void* data, std::size_t size) noexcept {
    if (data != nullptr) OPENSSL_cleanse(data, size);
}

void wipe(std::string& text) noexcept {
    wipe(text.data(), text.size());
    text.clear();
}

void wipe(Bytes& bytes) noexcept {
    wipe(bytes.data(), bytes.size());
    bytes.clear();
}

Secret::Secret(std::size_t size) : data_{std::make_unique<std::uint8_t[]>(size)}, size_{size}, allocated_{size} {}

Secret Secret::copy_of(ByteView bytes) {
    Secret secret{bytes.size()};
    std::copy(bytes.begin(), bytes.end(), secret.data());
    return secret;
}

Secret::Secret(Secret&& other) noexcept
    : data_{std::move(other.data_)},
      size_{std::exchange(other.size_, 0)},
      allocated_{std::exchange(other.allocated_, 0)} {}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this == &other) return *this;
    destroy();
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
    allocated_ = std::exchange(other.allocated_, 0);
    return *this;
}

Secret::~Secret() { destroy(); }

void Secret::shrink(std::size_t size) noexcept {
    if (size >= size_) return;
    wipe(data_.get() + size, size_ - size);
    size_ = size;
}

bool Secret::lock() noexcept { return size_ > 0 && mlock(data_.get(), allocated_) == 0; }

// The page stays locked when the Secret goes: another Secret may share it.
void Secret::destroy() noexcept {
    wipe(data_.get(), allocated_);
    data_.reset();
    size_ = allocated_ = 0;
}

}  // namespace bh::crypto
