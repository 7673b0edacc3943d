// A provider of IPv6 prefixes in C++ with the SDK: those of a list in its configuration, each given once. What is given
// stands in the store that the kernel keeps for each instance, one key a delegation. README.md walks through it.
#include "plugin-api/documents/fields/ipv6.hpp"
#include "plugin-api/sdk/cpp/plugin.hpp"

#include <algorithm>
#include <mutex>

namespace {

using namespace bh;

struct Config {
    std::vector<std::string> prefixes;
};
template <class F>
void fields(F& f, bh::Is<Config> auto& x) {
    f.required("prefixes", x.prefixes, "Those that there are.");
}

// What the store keeps of a delegation, under "d/OP_ID".
struct Row {
    Delegation delegation;
    DelegationRequest request;  // another one under the same op_id is a conflict
};
template <class F>
void fields(F& f, bh::Is<Row> auto& x) {
    f.required("delegation", x.delegation, "");
    f.required("request", x.request, "");
}

constexpr std::size_t kMaxIdSize = 64;

class PrefixList {
public:
    static constexpr std::string_view kId = "org.example.prefix-list";
    static constexpr std::string_view kVersion = "1.0.0";

    static Result<std::unique_ptr<PrefixList>> create(const sdk::Kernel& kernel, std::string_view text) {
        const auto config = read_document<Config>(text);
        if (!config) return config.failure();
        return std::make_unique<PrefixList>(kernel, *config);
    }
    PrefixList(const sdk::Kernel& kernel, const Config& config) : kernel_{kernel}, config_{config} {}

    Result<Ipv6Description> describe() { return Ipv6Description{{64}, {}}; }
    Result<std::string> health() {
        const auto given = rows();
        if (!given) return given.failure();
        return std::to_string(given->size()) + " of " + std::to_string(config_.prefixes.size()) + " prefixes are given";
    }

    // Looks for the op_id first, at every attempt: that is what makes nothing twice. The row is one key, so it is there
    // or it is not, and there is nothing to save().
    Result<Delegation> delegation_acquire(const sdk::Call& call, const DelegationRequest& request) {
        if (request.prefix_length != 0 && request.prefix_length != 64)
            return invalid("prefix_length", "/prefix_length: only /64 prefixes are given");
        const std::scoped_lock lock{mutex_};
        const auto known = find(call.op_id());
        if (known) {
            if (known->request == request) return known->delegation;
            return Failure{BH_E_CONFLICT, "other_request", "this op_id has a delegation for another request"};
        }
        if (known.failure().code != BH_E_NOT_FOUND) return known.failure();
        if (const auto stop = call.stop()) return *stop;  // the last moment in which nothing has happened
        const auto prefix = free_prefix();
        if (!prefix) return prefix.failure();
        Delegation made;
        made.delegation = made.created_by = call.op_id();
        made.instance = kernel_.instance();
        made.prefix = *prefix;
        made.mode = "routed";
        made.tags = request.tags;
        const std::string text = write_document(Row{made, request});
        if (const Status kept = kernel_.store().put("d/" + call.op_id(), Bytes{text.begin(), text.end()}); !kept)
            return kept.failure();
        return made;
    }

    Result<Delegation> delegation_renew(const sdk::Call&, const std::string& id) {
        const auto known = find(id);
        if (!known) return known.failure();
        return known->delegation;
    }

    Status delegation_release(const sdk::Call&, const std::string& id) {
        const std::scoped_lock lock{mutex_};
        const auto known = find(id);
        if (!known) return known.failure().code == BH_E_NOT_FOUND ? Status{} : Status{known.failure()};
        return kernel_.store().remove("d/" + id);
    }

    // One page holds all: there are no more than the configuration lists.
    Result<DelegationPage> delegation_list(std::string_view page) {
        if (!page.empty()) return invalid("bad_page", "there is one page only: its token is empty");
        const auto given = rows();
        if (!given) return given.failure();
        DelegationPage all;
        for (const Row& row : *given) all.delegations.push_back(row.delegation);
        return all;
    }

private:
    Result<std::string> free_prefix() const {
        const auto given = rows();
        if (!given) return given.failure();
        for (const std::string& prefix : config_.prefixes) {
            const bool used = std::any_of(given->begin(), given->end(),
                                          [&](const Row& row) { return row.delegation.prefix == prefix; });
            if (!used) return prefix;
        }
        return Failure{BH_E_EXHAUSTED, "no_prefix", "all prefixes are given; release one or configure another"};
    }

    Result<Row> find(const std::string& id) const {
        const Failure none{BH_E_NOT_FOUND, "no_delegation", "there is no delegation of that id"};
        // The id is part of a key, so only what an op_id can be is asked for.
        if (id.empty() || id.size() > kMaxIdSize ||
            id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos)
            return none;
        const auto bytes = kernel_.store().get("d/" + id);
        if (!bytes) return bytes.failure().code == BH_E_NOT_FOUND ? none : bytes.failure();
        auto row = read_document<Row>({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
        if (!row) return Failure{BH_E_CORRUPT, "row", "the row of the delegation " + id + " in the store is damaged"};
        return row;
    }

    Result<std::vector<Row>> rows() const {
        std::vector<Row> all;
        std::string next;
        do {
            const auto page = kernel_.store().list("d/", next);
            if (!page) return page.failure();
            for (const std::string& key : page->keys) {
                auto row = find(key.substr(2));
                if (!row && row.failure().code == BH_E_NOT_FOUND) continue;  // released a moment ago
                if (!row) return row.failure();
                all.push_back(std::move(*row));
            }
            next = page->next;
        } while (!next.empty());
        return all;
    }

    sdk::Kernel kernel_;
    Config config_;
    std::mutex mutex_;  // a prefix is looked for and given by one verb at a time
};

}  // namespace

BH_PLUGIN(PrefixList)
