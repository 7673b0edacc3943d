// A codec as the signer uses it: each payload in a process of its own (blockhost-codec), which has no key, no file, no
// network and five seconds. What comes back is data to be judged, never code that runs here. Thread-safe.
#pragma once

#include "plugin-api/crypto/bytes.hpp"
#include "plugin-api/host/sealed_file.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace bh::signer {

inline constexpr std::size_t kMaxPreimage = std::size_t{64} * 1024;

// signer.yaml's `codecs`, one entry.
struct CodecConfig {
    std::string scheme;  // its name, and that of its key
    std::string plugin;  // absolute: the folder with plugin.json
    std::string sha256;  // pin
    std::string hash;    // "sha256", "keccak256", "sha256d": of the preimage
    std::string key;     // absolute path of the key file
};

class Codec {
public:
    struct Decoded {
        Bytes intent;  // to be read by decode_intent()
        Bytes preimage;
    };

    // Looks at the file as a plugin's is looked at (plugin-api/host/loader.hpp); runs none of its code. `program`:
    // blockhost-codec.
    static Result<Codec> open(CodecConfig config, std::string program,
                              std::chrono::milliseconds patience = std::chrono::seconds{5});

    // BH_E_INVALID: the codec's own refusal, or "codec_failed": it crashed, hung, tried what it may not, or answered
    // out of bounds.
    [[nodiscard]] Result<Decoded> decode(crypto::ByteView payload) const;

    [[nodiscard]] const CodecConfig& config() const noexcept { return config_; }
    [[nodiscard]] crypto::Hash256 hash(crypto::ByteView preimage) const;

private:
    Codec(CodecConfig config, std::string id, std::string program, host::SealedFile file,
          std::chrono::milliseconds patience);

    CodecConfig config_;
    std::string id_, program_;
    std::shared_ptr<host::SealedFile> file_;
    std::chrono::milliseconds patience_;
};

}  // namespace bh::signer
