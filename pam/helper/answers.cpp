#include "pam/helper/answers.hpp"

#include "pam/guest/files.hpp"
#include "pam/guest/host_key.hpp"
#include "pam/guest/statements.hpp"
#include "plugin-api/documents/strict_json.hpp"

namespace bh::guest {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxStatementHex = 2 + 2 * 4096;

std::string answered(const std::string& type, json ok) {
    return json{{"v", 1}, {"type", type}, {"ok", std::move(ok)}}.dump();
}

std::string refused(const std::string& type, const std::string& reason, const std::string& message) {
    const json error{{"reason", reason}, {"message", message.substr(0, 400)}};
    return json{{"v", 1}, {"type", type}, {"error", error}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string hello(const Places& places, LookAtMachine look) {
    const Result<FirstBoot> first_boot = load_first_boot(places);
    const Result<std::string> key_file = read_file(places.host_key, 4096);
    const Result<std::string> key = key_file ? host_key_line(*key_file) : key_file;
    std::uint64_t sequence = 0;
    if (first_boot) {
        if (const auto statement = load_statement(places, *first_boot)) sequence = statement->sequence;
    }
    const Machine machine = look();
    return answered("hello", {{"version", BLOCKHOST_VERSION},
                              {"vm", first_boot ? first_boot->vm : ""},
                              {"ssh_host_key", first_boot && key ? *key : ""},
                              {"boot_id", machine.boot_id},
                              {"uptime_s", machine.uptime_s},
                              {"sshd", machine.sshd},
                              {"sequence", std::to_string(sequence)}});
}

std::string statement(const Places& places, const json& request) {
    const auto field = request.find("statement");
    if (field == request.end() || !field->is_string())
        return refused("statement", "bad_request", "\"statement\" is missing or not a string");
    const auto& hex = field->get_ref<const std::string&>();
    const Result<Bytes> bytes = crypto::parse_hex(hex);
    if (!hex.starts_with("0x") || hex.size() > kMaxStatementHex || !bytes) {
        return refused("statement", "bad_request", "\"statement\" must be 0x and hex digits, at most 4096 bytes");
    }
    const Result<FirstBoot> anchors = load_first_boot(places);
    if (!anchors) return refused("statement", "no_anchors", "first-boot data is not applied yet");
    const Result<std::uint64_t> sequence = accept_statement(places, *anchors, crypto::text_of(*bytes));
    if (!sequence) return refused("statement", sequence.failure().reason, sequence.failure().message);
    return answered("statement", {{"sequence", std::to_string(*sequence)}});
}

// Questions come with schemes that only the host can check; eip191, the only one that a login asks for here, is checked
// in the guest.
std::string poll() { return answered("poll", {{"questions", json::array()}}); }

std::string answer(const json& request) {
    const auto id = request.find("id");
    if (id == request.end() || !id->is_string())
        return refused("answer", "bad_request", "\"id\" is missing or not a string");
    return answered("answer", {{"known", false}});
}

}  // namespace

std::string answer_request(const Places& places, LookAtMachine look, std::string_view text) {
    const Result<json> request = read_strict_json(text);
    if (!request || !request->is_object())
        return refused("", "bad_request", request ? "the request is not an object" : request.failure().message);
    const auto type_field = request->find("type");
    if (type_field == request->end() || !type_field->is_string())
        return refused("", "bad_request", "\"type\" is missing or not a string");
    const std::string type = type_field->get<std::string>();
    const auto version = request->find("v");
    if (version == request->end() || !version->is_number_integer() || *version != 1)
        return refused(type, "bad_request", "\"v\" must be 1");
    if (type == "hello") return hello(places, look);
    if (type == "statement") return statement(places, *request);
    if (type == "poll") return poll();
    if (type == "answer") return answer(*request);
    return refused("", "bad_request", "\"type\" is none of hello, statement, poll and answer");
}

}  // namespace bh::guest
