#include "kernel/plugins/guest_messages.hpp"

#include "plugin-api/documents/json.hpp"

#include <algorithm>
#include <charconv>

namespace bh::plugins {
namespace {

constexpr std::size_t kMaxMessage = std::size_t{16} << 10;
constexpr std::int64_t kMaxUptime = std::int64_t{1} << 40;

// BH_E_UNAVAILABLE: the guest may be still booting, or its owner plays with us; either way we ask again later.
Failure rubbish(std::string_view what) {
    return {BH_E_UNAVAILABLE, "guest_answer", "the guest's answer is not valid: " + std::string{what}};
}

bool made_of(std::string_view text, std::string_view extra, std::size_t max) {
    return text.size() <= max && std::all_of(text.begin(), text.end(), [&](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      extra.find(c) != std::string_view::npos;
           });
}

// The "ok" object of an answer to `type`.
Result<nlohmann::json> ok_of(std::string_view answer, std::string_view type) {
    if (answer.size() > kMaxMessage) return rubbish("longer than 16 KiB");
    auto message = nlohmann::json::parse(answer, nullptr, false);
    if (!message.is_object()) return rubbish("no JSON object");
    if (message.value("v", nlohmann::json{}) != 1 || message.value("type", nlohmann::json{}) != type)
        return rubbish("an answer to something else");
    if (const auto error = message.find("error"); error != message.end()) {
        const auto reason = error->is_object() ? error->value("reason", nlohmann::json{}) : nlohmann::json{};
        const bool plain = reason.is_string() && made_of(reason.get_ref<const std::string&>(), "_", 47);
        // The guest's sentence is a tenant's text: it is not passed on.
        return Failure{
            BH_E_UNAVAILABLE, "guest_refused",
            "the guest refused " + std::string{type} + ": " + (plain ? reason.get<std::string>() : "no reason")};
    }
    const auto ok = message.find("ok");
    if (ok == message.end() || !ok->is_object()) return rubbish("neither \"ok\" nor \"error\"");
    return std::move(*ok);
}

Result<std::string> text_of(const nlohmann::json& ok, const char* name, std::string_view extra, std::size_t max) {
    const auto it = ok.find(name);
    if (it == ok.end() || !it->is_string() || !made_of(it->get_ref<const std::string&>(), extra, max))
        return rubbish(std::string{name} + " is missing or bad");
    return it->get<std::string>();
}

// "<algorithm> <base64>"; both parts are there or the whole is empty.
bool is_key_line(const std::string& line) {
    const auto space = line.find(' ');
    return line.empty() || (space != std::string::npos && space > 0 && space + 1 < line.size() &&
                            line.find(' ', space + 1) == std::string::npos);
}

}  // namespace

std::string hello_request() { return R"({"v":1,"type":"hello"})"; }

std::string statement_request(const Bytes& statement) {
    return R"({"v":1,"type":"statement","statement":")" + hex_from_bytes(statement) + "\"}";
}

Result<life::GuestHello> parse_hello_answer(std::string_view answer) {
    auto ok = ok_of(answer, "hello");
    if (!ok) return ok.failure();
    life::GuestHello hello;
    struct Field {
        const char* name;
        std::string_view extra;
        std::size_t max;
        std::string& value;
    };
    const Field fields[] = {{"version", ".+~-", 32, hello.version},
                            {"vm", "-", 64, hello.vm_id},
                            {"ssh_host_key", " +/=-@.", 1024, hello.host_key},
                            {"boot_id", "-", 36, hello.boot_id},
                            {"sshd", "", 16, hello.sshd}};
    for (const auto& field : fields) {
        auto value = text_of(*ok, field.name, field.extra, field.max);
        if (!value) return value.failure();
        field.value = std::move(*value);
    }
    if (!is_key_line(hello.host_key)) return rubbish("ssh_host_key is no public key line");
    const auto uptime = ok->find("uptime_s");
    if (uptime == ok->end() || !uptime->is_number_unsigned() || uptime->get<std::uint64_t>() > kMaxUptime)
        return rubbish("uptime_s is missing or bad");
    hello.uptime_s = uptime->get<std::uint64_t>();
    return hello;
}

Result<std::uint64_t> parse_statement_answer(std::string_view answer) {
    auto ok = ok_of(answer, "statement");
    if (!ok) return ok.failure();
    const auto text = text_of(*ok, "sequence", "", 20);
    if (!text) return text.failure();
    std::uint64_t sequence = 0;
    const char* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, sequence);
    if (error != std::errc{} || stop != end) return rubbish("sequence is no number");
    return sequence;
}

}  // namespace bh::plugins
