#include "kernel/lifecycle/fingerprint.hpp"

#include "plugin-api/crypto/bytes.hpp"
#include "plugin-api/crypto/digest.hpp"

#include <openssl/evp.h>

namespace bh::life {
namespace {
constexpr std::size_t kMaxLine = 8192, kQuantum = 4, kDigestBase64 = 44;

Failure bad_key() { return invalid("host_key", "the guest's SSH host key is not a public key line"); }
}  // namespace

Result<std::string> ssh_fingerprint(const std::string& line) {
    if (line.size() > kMaxLine) return bad_key();
    const std::size_t begin = line.find(' ');
    if (begin == std::string::npos || begin == 0) return bad_key();
    std::string base64 = line.substr(begin + 1, line.find(' ', begin + 1) - begin - 1);
    while (!base64.empty() && (base64.back() == '\n' || base64.back() == '\r')) base64.pop_back();
    if (base64.empty() || base64.size() % kQuantum != 0) return bad_key();

    bh::Bytes blob(base64.size() / kQuantum * 3);
    const int size = EVP_DecodeBlock(blob.data(), reinterpret_cast<const unsigned char*>(base64.data()),
                                     static_cast<int>(base64.size()));
    if (size < 0) return bad_key();
    const std::size_t padding = base64.ends_with("==") ? 2 : base64.ends_with("=") ? 1 : 0;
    blob.resize(static_cast<std::size_t>(size) - padding);
    const auto hash = crypto::sha256(blob);
    unsigned char text[kDigestBase64 + 1];
    EVP_EncodeBlock(text, hash.data(), static_cast<int>(hash.size()));
    std::string fingerprint = "SHA256:" + std::string{reinterpret_cast<const char*>(text), kDigestBase64};
    while (fingerprint.back() == '=') fingerprint.pop_back();
    return fingerprint;
}

}  // namespace bh::life
