#include "kernel/daemon/grant_routes.hpp"

#include "kernel/journal/audit.hpp"
#include "kernel/journal/resources.hpp"
#include "kernel/journal/subscriptions.hpp"
#include "kernel/lifecycle/plan.hpp"
#include "kernel/seal/seal.hpp"
#include "kernel/seal/seal1.hpp"
#include "kernel/seal/seal2.hpp"
#include "plugin-api/crypto/address.hpp"

#include <algorithm>

namespace bh::daemon {
namespace {

using api::Query;
using grants::Grant;
using nlohmann::json;

Failure wrong(const std::string& field, const std::string& rule) {
    return invalid("bad_parameter", "\"" + field + "\" " + rule);
}

Result<std::string> text(const json& body, const char* name, bool required) {
    const auto found = body.find(name);
    if (found == body.end() && !required) return std::string{};
    if (found == body.end() || !found->is_string() || (required && found->get_ref<const std::string&>().empty()))
        return wrong(name, "must be a text");
    return found->get<std::string>();
}

Result<std::uint64_t> number(const json& body, const char* name, std::uint64_t absent) {
    const auto found = body.find(name);
    if (found == body.end()) return absent;
    if (!found->is_number_unsigned()) return wrong(name, "must be a whole number");
    return found->get<std::uint64_t>();
}

json time_or_null(UnixTime time) {
    return time.seconds == 0 || time == grants::kNever ? json{} : json(time_to_text(time));
}

// What the granted VM has come to: its row in the journal, once the book was polled.
std::optional<life::SubscriptionRow> row_of(life::Tx& tx, const std::string& id) {
    auto rows = life::subscriptions_by_id(tx, grants::kInstance, id);
    if (rows.empty()) return std::nullopt;
    return std::move(rows.front());
}

Result<json> view(Host& host, const Grant& grant) {
    const auto resources = json::parse(grant.wish.resources, nullptr, false);
    json shown{{"id", grant.id},
               {"owner", grant.wish.owner},
               {"note", grant.wish.note},
               {"resources", resources},
               {"granted_at", time_to_text(grant.granted)},
               {"expires_at", time_or_null(grant.expires_at)},
               {"grace_ends", time_or_null(grant.grace_ends)},
               {"days", grant.wish.days},
               {"delivered", grant.delivered},
               {"sealed", grant.sealed.empty() ? json{} : json(hex_from_bytes(grant.sealed))},
               {"state", grant.ended() ? "ended" : "granted"},
               {"vm", json{}},
               {"address", json{}},
               {"reason", grant.reason}};
    const auto read = host.journal().read([&](life::Tx& tx) -> Status {
        const auto row = row_of(tx, grant.id);
        if (!row) return {};
        shown["state"] = life::to_text(row->state);
        if (!row->reason.empty()) shown["reason"] = row->reason;
        if (const auto vm = life::vm_of(tx, row->row)) shown["vm"] = vm->name, shown["address"] = vm->address;
        return {};
    });
    if (!read) return read.failure();
    return shown;
}

Result<json> list(Host& host) {
    json all = json::array();
    for (const Grant& grant : host.book().list()) {
        auto shown = view(host, grant);
        if (!shown) return shown;
        all.push_back(std::move(*shown));
    }
    return json{{"chain", host.book().chain()},
                {"contract", host.book().contract()},
                {"most", host.config().max_granted},
                {"grants", std::move(all)}};
}

// By number, or by the name of its VM. A VM that was bought is none.
Result<Grant> find(Host& host, const std::string& which) {
    std::string id = which;
    if (which.find_first_not_of("0123456789") != std::string::npos) {
        bool bought = false;
        id.clear();
        const auto read = host.journal().read([&](life::Tx& tx) -> Status {
            for (const auto& vm : life::list_vms(tx)) {
                if (vm.name != which) continue;
                const auto row = life::subscription_by_row(tx, vm.row);
                if (row && row->instance == grants::kInstance) id = row->id;
                if (row && row->instance != grants::kInstance) bought = true;
            }
            return {};
        });
        if (!read) return read.failure();
        if (bought) {
            return Failure{BH_E_CONFLICT, "bought",
                           "the VM " + which +
                               " was bought: it ends with its subscription, which its owner or, with "
                               "the rest credited, the operator's wallet cancels on the contract",
                           0};
        }
    }
    auto grant = id.empty() ? std::nullopt : host.book().find(id);
    if (!grant) return Failure{BH_E_NOT_FOUND, "no_grant", "there is no granted VM \"" + which.substr(0, 64) + "\"", 0};
    return std::move(*grant);
}

// An operator's word is in the audit log before it is in the book; a command that is sent again is there again.
Status say(Host& host, const json& body, const std::string& what) {
    const auto issued = body.find("issued_ms");
    if (issued != body.end() && !issued->is_number_integer()) return wrong("issued_ms", "must be a whole number");
    return host.journal().write("operator", [&](life::Tx& tx) -> Status {
        const std::string recovered = life::meta(tx, life::kRecoveredMs);
        if (issued != body.end() && !recovered.empty() && issued->get<std::int64_t>() <= std::stoll(recovered)) {
            return Failure{BH_E_CONFLICT, "refused",
                           "the command was given before the journal was recovered: give it anew", 0};
        }
        life::append_audit(tx, "operator", "command", "host", what);
        return {};
    });
}

Result<std::string> resources_of(Host& host, const json& body) {
    json resources = json::object();
    for (const auto& [name, absent] :
         {std::pair{"cpus", std::uint64_t{1}}, std::pair{"memory_bytes", std::uint64_t{1} << 30},
          std::pair{"disk_bytes", std::uint64_t{10} << 30}}) {
        const auto value = number(body, name, absent);
        if (!value) return value.failure();
        resources[name] = *value;
    }
    const auto image = text(body, "image", false);
    if (!image) return image.failure();
    resources["image"] = image->empty() ? host.config().engine.default_image : *image;
    const auto parsed = life::parse_resources(resources.dump(), host.config().engine.default_image);
    if (!parsed) return wrong("resources", "are out of range: " + parsed.failure().message);
    if (const auto found = host.images().find(parsed->image); !found) return found.failure();
    return resources.dump();
}

Result<json> create(Host& host, const Query& query) {
    const json& body = query.body;
    grants::Wish wish;
    const auto owner = text(body, "owner", true);
    if (!owner) return owner.failure();
    const auto wallet = crypto::Address::parse(*owner);
    if (!wallet) return wallet.failure().within("owner");
    wish.owner = wallet->text();
    const auto days = number(body, "days", 0), grace = number(body, "grace_days", wish.grace_days);
    if (!days) return days.failure();
    if (!grace) return grace.failure();
    wish.days = *days, wish.grace_days = *grace;
    auto note = text(body, "note", false), resources = resources_of(host, body), nonce = nonce_of(host, body);
    for (const auto* each : {&note, &resources, &nonce}) {
        if (!*each) return each->failure();
    }
    wish.note = std::move(*note), wish.resources = std::move(*resources), wish.nonce = std::move(*nonce);
    const life::RequestContext context{host.book().chain(), host.book().contract(), wish.owner, {}};
    auto request = request_of(host, body, context);
    if (!request) return request.failure();
    wish.request = std::move(*request);
    // It opens, and the signer knows the book: else the VM would be built and could never be delivered.
    if (const auto opens = host.ports().seal.check_request(context, wish.request); !opens) {
        if (opens.failure().reason != "other_contract") return opens.failure();
        return Failure{BH_E_DENIED, "signer_policy",
                       "the signer does not serve granted VMs yet: add {chain: \"" + context.chain +
                           "\", contract: \"" + context.contract +
                           "\", max_fee: \"0\"} to policy.intents of signer.yaml and restart it",
                       0};
    }
    if (const auto said = say(host, body, "vm create " + wish.nonce + " for " + wish.owner + " " + wish.resources);
        !said)
        return said.failure();
    const auto made = host.book().grant(wish, host.config().max_granted);
    if (!made) return made.failure();
    host.engine().wake();
    return view(host, *made);
}

Result<json> destroy(Host& host, const Query& query) {
    const auto grant = find(host, query.path.at(0));
    if (!grant) return grant.failure();
    const auto nonce = nonce_of(host, query.body);
    if (!nonce) return nonce.failure();
    if (const auto said = say(host, query.body, "vm destroy " + grant->id); !said) return said.failure();
    const auto ended = host.book().end(grant->id, *nonce);
    if (!ended) return ended.failure();
    host.engine().wake();
    return view(host, *ended);
}

Result<json> extend(Host& host, const Query& query) {
    const auto grant = find(host, query.path.at(0));
    if (!grant) return grant.failure();
    if (!query.body.contains("days")) return wrong("days", "must be given; 0: without end");
    const auto days = number(query.body, "days", 0);
    if (!days) return days.failure();
    const auto nonce = nonce_of(host, query.body);
    if (!nonce) return nonce.failure();
    const std::string what = "vm extend " + grant->id + " by " + std::to_string(*days) + " days";
    if (const auto said = say(host, query.body, what); !said) return said.failure();
    const auto extended = host.book().extend(grant->id, *days, *nonce);
    if (!extended) return extended.failure();
    host.engine().wake();
    return view(host, *extended);
}

Result<json> open_request(Host& host, const Query& query) {
    const auto chain = text(query.body, "chain", true), contract = text(query.body, "contract", true),
               buyer = text(query.body, "buyer", true), sealed = text(query.body, "sealed", true);
    for (const auto* each : {&chain, &contract, &buyer, &sealed}) {
        if (!*each) return each->failure();
    }
    const auto bytes = crypto::parse_hex(*sealed);
    if (!bytes) return wrong("sealed", "must be hex");
    const auto format = seal::request_format(*bytes);
    if (!format) return format.failure();
    if (const auto said = say(host, query.body, "open request of " + *buyer); !said) return said.failure();
    const auto opened = host.signer().unseal(*format, {*chain, *contract, *buyer}, *bytes);
    if (!opened) return opened.failure();
    const bool first = *format == seal::kSeal1Request;
    if (first) {
        const auto theirs = seal::check_signature1(*opened, host.config().host.seal_text, *buyer);
        if (!theirs) return theirs.failure();
    }
    return json{{"format", *format}, {first ? "signature" : "recipient", crypto::hex0x(opened->view())}};
}

}  // namespace

Result<std::string> nonce_of(Host& host, const json& body) {
    auto given = text(body, "nonce", false);
    if (!given || !given->empty()) return given;
    return host.ports().clock.random_id();
}

Result<Bytes> request_of(Host& host, const json& body, const life::RequestContext& context) {
    const auto sealed = text(body, "request", false), recipient = text(body, "recipient", false);
    if (!sealed) return sealed.failure();
    if (!recipient) return recipient.failure();
    if (sealed->empty() == recipient->empty())
        return wrong("recipient", "or \"request\" must be given, and only one of them");
    if (!sealed->empty()) {
        auto bytes = crypto::parse_hex(*sealed);
        if (!bytes) return wrong("request", "must be hex");
        return bytes;
    }
    const auto bytes = crypto::parse_hex(*recipient);
    const auto point = bytes ? crypto::PublicKey::parse(*bytes) : Result<crypto::PublicKey>{bytes.failure()};
    if (!point) return wrong("recipient", "must be a public key: 33 or 65 bytes in hex");
    const auto server = host.signer().public_key("server");
    if (!server) return server.failure();
    const auto server_point = crypto::PublicKey::parse(server->key);
    if (!server_point) return server_point.failure();
    return seal::seal_request2(*server_point, {context.chain, context.contract, context.buyer}, *point,
                               crypto::new_secret_key());
}

void add_grant_routes(Host& host, std::vector<api::Route>& routes) {
    const auto add = [&](const char* method, const char* pattern, Result<json> (*handler)(Host&, const Query&)) {
        routes.push_back({method, pattern, [&host, handler](const Query& query) { return handler(host, query); }});
    };
    add("GET", "/v1/grants", [](Host& h, const Query&) { return list(h); });
    add("GET", "/v1/grants/([a-z0-9-]{1,64})", [](Host& h, const Query& query) -> Result<json> {
        const auto grant = find(h, query.path.at(0));
        if (!grant) return grant.failure();
        return view(h, *grant);
    });
    add("POST", "/v1/grants", create);
    add("POST", "/v1/grants/([a-z0-9-]{1,64})/destroy", destroy);
    add("POST", "/v1/grants/([a-z0-9-]{1,64})/extend", extend);
    add("POST", "/v1/open-request", open_request);
}

}  // namespace bh::daemon
