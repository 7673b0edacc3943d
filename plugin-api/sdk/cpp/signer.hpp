// The service that uses private keys: they never enter a plugin. See blockhost/svc/signer.h.
#pragma once

#include "plugin-api/sdk/cpp/kernel.hpp"

namespace bh::sdk {

class Signer : Service<bh_svc_signer> {
public:
    explicit Signer(const bh_kernel& kernel) : Service{kernel, BH_SVC_SIGNER} {}

    // `payload` is the whole thing to sign, such as an unsigned transaction; the signer decodes, checks and hashes it.
    [[nodiscard]] Result<Bytes> sign(const std::string& key, const std::string& scheme, const Bytes& payload) const {
        Collector out;
        const Status status = use([&](auto& t, bh_error* err) {
            return t.sign(kernel(), key.c_str(), scheme.c_str(), raw(payload), out.sink(), err);
        });
        if (!status) return status.failure();
        return out.bytes();
    }
    [[nodiscard]] Result<Bytes> public_key(const std::string& key) const {
        Collector out;
        const Status status =
            use([&](auto& t, bh_error* err) { return t.public_key(kernel(), key.c_str(), out.sink(), err); });
        if (!status) return status.failure();
        return out.bytes();
    }
    // Lends the plaintext to `body(std::string_view) -> Status` and wipes it afterwards.
    [[nodiscard]] Status unseal(const std::string& key, const std::string& format, const Bytes& sealed,
                                const Bytes& context, const std::function<Status(std::string_view)>& body) const {
        constexpr std::size_t kMaxPlaintext = std::size_t{64} * 1024;
        struct Wiped : Collector {
            Wiped() : Collector{kMaxPlaintext} { reserve(); }
            ~Wiped() { wipe(); }
        } plaintext;
        Status status = use([&](auto& t, bh_error* err) {
            return t.unseal(kernel(), key.c_str(), format.c_str(), raw(sealed), raw(context), plaintext.sink(), err);
        });
        if (!status) return status;
        return body(plaintext.text());
    }
};

inline Signer Kernel::signer() const { return Signer{*kernel_}; }

}  // namespace bh::sdk
