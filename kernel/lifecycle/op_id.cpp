#include "kernel/lifecycle/op_id.hpp"

#include "plugin-api/crypto/bytes.hpp"
#include "plugin-api/crypto/digest.hpp"

namespace bh::life {
namespace {
constexpr std::string_view kDomain = "bh-op/1";
constexpr std::size_t kDigits = 40;

void append_field(Bytes& bytes, std::string_view field) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(field.size() >> shift));
    bytes.insert(bytes.end(), field.begin(), field.end());
}
}  // namespace

std::string op_id(const OpSubject& of) {
    Bytes bytes;
    append_field(bytes, kDomain);
    for (const std::string* field : {&of.chain, &of.contract, &of.subject, &of.step, &of.part, &of.epoch}) {
        append_field(bytes, *field);
    }
    return crypto::hex(crypto::sha256(bytes)).substr(0, kDigits);
}

std::string_view step_name(Step step) noexcept {
    switch (step) {
        case Step::volume_create:
        case Step::vm_create:
            return "build";
        case Step::restart:
            return "start";
        default:
            return to_text(step);
    }
}

std::string_view part_of(Step step) noexcept {
    return step == Step::volume_create || step == Step::volume_delete ? "system" : "";
}

}  // namespace bh::life
