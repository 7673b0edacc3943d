#include "pam/guest/host_key.hpp"

#include "plugin-api/crypto/digest.hpp"

#include <openssl/evp.h>

#include <algorithm>

namespace bh::guest {
namespace {

constexpr std::size_t kMaxLine = 1024;

Failure bad() {
    return invalid("bad_host_key", "the SSH host key's public file is not one line of an OpenSSH public key");
}

bool is_base64(std::string_view text) {
    return !text.empty() && text.size() % 4 == 0 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
               c == '=';
    });
}

}  // namespace

Result<std::string> host_key_line(std::string_view file) {
    const std::string_view line = file.substr(0, file.find('\n'));
    const auto first = line.find(' ');
    if (first == std::string_view::npos || first == 0) return bad();
    const auto second = line.find(' ', first + 1);
    const std::string_view key = line.substr(first + 1, second == std::string_view::npos ? second : second - first - 1);
    const std::string_view out = line.substr(0, first + 1 + key.size());
    if (!is_base64(key) || out.size() > kMaxLine) return bad();
    return std::string{out};
}

Result<std::string> host_key_fingerprint(std::string_view line) {
    const std::string_view key = line.substr(line.find(' ') + 1);
    if (!is_base64(key)) return bad();
    Bytes blob(key.size() / 4 * 3);
    const int size =
        EVP_DecodeBlock(blob.data(), reinterpret_cast<const unsigned char*>(key.data()), static_cast<int>(key.size()));
    if (size < 0) return bad();
    // EVP_DecodeBlock counts the bytes that padding stands for.
    const auto padding = static_cast<std::size_t>(std::ranges::count(key.substr(key.size() - 2), '='));
    blob.resize(static_cast<std::size_t>(size) - padding);
    const crypto::Hash256 digest = crypto::sha256(blob);
    std::string text(64, '\0');
    text.resize(static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), digest.data(),
                                                         static_cast<int>(digest.size()))));
    text.resize(text.find('='));
    return "SHA256:" + text;
}

}  // namespace bh::guest
