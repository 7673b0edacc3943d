// What answers in a machine that does not boot: the guest's side of guest-messages-1 (plugin-api/formats), without a
// channel between. A real hypervisor has none of this: it carries the kernel's bytes to the helper in the VM, over
// virtio-serial or a guest agent, and the helper's answer back, and reads neither. Plain values; any thread.
#pragma once

#include "plugin-api/documents/codec.hpp"
#include "plugin-api/documents/hypervisor.hpp"

#include <charconv>
#include <random>
#include <string>
#include <string_view>

namespace helper {

// What a guest's disk and memory would hold.
struct Guest {
    std::string host_key;        // a public key that nobody has the other half of: nobody logs in
    std::string boot_id;         // another one at each start
    std::uint64_t sequence = 0;  // of the newest owner statement
};
template <class F>
void fields(F& f, bh::Is<Guest> auto& x) {
    f.required("host_key", x.host_key, "");
    f.optional("boot_id", x.boot_id, "");
    f.optional("sequence", x.sequence, "");
}

struct Request {
    std::uint32_t v = 0;
    std::string type;
    bh::Bytes statement;
};
template <class F>
void fields(F& f, bh::Is<Request> auto& x) {
    f.required("v", x.v, "");
    f.required("type", x.type, "");
    f.optional("statement", x.statement, "");
}

inline std::string random_digits(std::string_view digits, std::size_t count) {
    std::random_device random;
    std::uniform_int_distribution<std::size_t> any{0, digits.size() - 1};
    std::string out;
    while (out.size() < count) out += digits[any(random)];
    return out;
}

// The line of an Ed25519 public key (RFC 8709): of the first base64 digit behind the head only four bits are the key's.
inline std::string new_host_key() {
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    return "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + random_digits(kDigits.substr(0, 16), 1) +
           random_digits(kDigits, 42);
}

inline std::string new_boot_id() {
    std::string out = random_digits("0123456789abcdef", 36);
    for (const std::size_t dash : {8, 13, 18, 23}) out[dash] = '-';
    return out;
}

// The number in the line "sequence: N" of an owner statement (owner-statement-1). A real guest verifies the signature
// and compares chain, contract, token and VM with its trust anchors first; here nobody logs in by what it says.
inline std::optional<std::uint64_t> sequence_of(const bh::Bytes& statement) {
    constexpr std::string_view kLine = "\nsequence: ";
    const std::string_view text{reinterpret_cast<const char*>(statement.data()), statement.size()};
    const auto at = text.find(kLine);
    if (at == std::string_view::npos) return std::nullopt;
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + at + kLine.size(), end, number);
    if (error != std::errc{} || stop == end || *stop != '\n') return std::nullopt;
    return number;
}

inline nlohmann::json refusal(const char* reason, const char* message) {
    return {{"error", {{"reason", reason}, {"message", message}}}};
}

inline nlohmann::json content(Guest& guest, const bh::Vm& vm, std::int64_t uptime_s, const Request& asked) {
    if (asked.type == "hello")
        return {{"ok",
                 {{"version", "0.1.0"},
                  {"vm", vm.name},
                  {"ssh_host_key", guest.host_key},
                  {"boot_id", guest.boot_id},
                  {"uptime_s", uptime_s},
                  {"sshd", "listening"},
                  {"sequence", std::to_string(guest.sequence)}}}};
    if (asked.type == "statement") {
        const auto number = sequence_of(asked.statement);
        if (!number) return refusal("bad_statement", "this is no owner statement");
        guest.sequence = std::max(guest.sequence, *number);  // nothing is replaced by something older
        return {{"ok", {{"sequence", std::to_string(guest.sequence)}}}};
    }
    if (asked.type == "poll") return {{"ok", {{"questions", nlohmann::json::array()}}}};
    if (asked.type == "answer") return {{"ok", {{"known", false}}}};  // nothing was asked
    return refusal("bad_request", "the type of this request is not known");
}

// The answer to one request. `guest` may have changed afterwards, and is to be kept before the answer is given.
inline std::string answer(Guest& guest, const bh::Vm& vm, std::int64_t uptime_s, const bh::Bytes& request) {
    const auto asked = bh::read_document<Request>({reinterpret_cast<const char*>(request.data()), request.size()});
    const bool good = asked && asked->v == 1;
    nlohmann::json out =
        good ? content(guest, vm, uptime_s, *asked) : refusal("bad_request", "this is no request of guest-messages-1");
    out["v"] = 1;
    out["type"] = good ? asked->type : "";
    return out.dump();
}

}  // namespace helper
