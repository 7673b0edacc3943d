#include "plugins/ipv6-static/provider.hpp"

#include "plugins/ipv6-static/record.hpp"

#include <algorithm>

namespace bh::ipv6_static {

Result<std::unique_ptr<Provider>> Provider::create(const sdk::Kernel& kernel, std::string_view config) {
    auto judged = judge_config(config);
    if (!judged) return judged.failure();
    for (const auto& finding : judged->findings) {
        if (finding.severity == "error")
            return invalid("bad_config", finding.field + ": " + finding.message + " " + finding.remedy);
    }
    return std::make_unique<Provider>(kernel, std::move(judged->config));
}

Result<std::vector<Finding>> Provider::check(const sdk::Kernel&, std::string_view config, std::uint64_t) {
    auto judged = judge_config(config);
    if (!judged) return judged.failure();
    return std::move(judged->findings);
}

Result<std::string> Provider::health() { return config_.prefix.text() + ", " + config_.mode; }

Result<Ipv6Description> Provider::describe() { return Ipv6Description{{config_.prefix.length}, {}}; }

Delegation Provider::document(const std::string& op_id, const DelegationRequest& request) const {
    Delegation made;
    made.delegation = op_id;
    made.created_by = op_id;
    made.instance = kernel_.instance();
    made.prefix = config_.prefix.text();
    made.mode = config_.mode;
    made.uplink = config_.uplink;
    made.reserved = config_.reserved;
    made.tags = request.tags;
    return made;
}

Result<std::string> Provider::holder() const {
    const Records records{kernel_.store()};
    std::string page;
    do {
        auto some = records.list(page);
        if (!some) return some.failure();
        for (const auto& record : some->records) {
            if (record.delegation.prefix == config_.prefix.text()) return record.delegation.created_by;
        }
        page = some->next;
    } while (!page.empty());
    return std::string{};
}

Result<Delegation> Provider::delegation_acquire(const sdk::Call& call, const DelegationRequest& request) {
    const std::scoped_lock lock{mutex_};
    const Records records{kernel_.store()};
    const std::string op_id = call.op_id();
    auto found = records.find(op_id);
    if (!found) return found.failure();
    if (*found && (*found)->request != request)
        return Failure{BH_E_CONFLICT, "request_differs", "this op_id has a delegation for another request"};
    if (const auto stop = call.stop()) {
        if (*found && stop->code != BH_E_INTERRUPTED) {
            if (auto removed = records.remove(op_id); !removed) return removed.failure();
        }
        return *stop;
    }
    if (*found) return (*found)->delegation;
    if (request.prefix_length != 0 && request.prefix_length != config_.prefix.length)
        return invalid("prefix_length", "prefix_length: this provider gives a /" +
                                            std::to_string(config_.prefix.length) + ", not a /" +
                                            std::to_string(request.prefix_length));
    auto other = holder();
    if (!other) return other.failure();
    if (!other->empty())
        return Failure{BH_E_EXHAUSTED, "prefix_held",
                       config_.prefix.text() + " is delegated already, to " + *other +
                           "; release that first, or configure another instance"};
    const Record record{request, document(op_id, request)};
    if (auto put = records.put(record); !put) return put.failure();
    return record.delegation;
}

Result<Delegation> Provider::delegation_renew(const sdk::Call&, const std::string& delegation) {
    const std::scoped_lock lock{mutex_};
    const Records records{kernel_.store()};
    auto found = records.find(delegation);
    if (!found) return found.failure();
    if (!*found) return Failure{BH_E_NOT_FOUND, "no_delegation", "there is no delegation " + delegation};
    if ((*found)->delegation.prefix != config_.prefix.text())
        return Failure{BH_E_NOT_FOUND, "prefix_changed",
                       "the configuration names " + config_.prefix.text() + " now, not " + (*found)->delegation.prefix};
    // Up to date: mode, uplink and reserved addresses may have been configured anew.
    const Record record{(*found)->request, document((*found)->delegation.created_by, (*found)->request)};
    if (to_json(record.delegation) != to_json((*found)->delegation)) {
        if (auto put = records.put(record); !put) return put.failure();
    }
    return record.delegation;
}

Status Provider::delegation_release(const sdk::Call&, const std::string& delegation) {
    const std::scoped_lock lock{mutex_};
    const Records records{kernel_.store()};
    auto found = records.find(delegation);
    if (!found) return found.failure();
    return *found ? records.remove(delegation) : Status{};
}

Result<DelegationPage> Provider::delegation_list(std::string_view page) {
    const std::scoped_lock lock{mutex_};
    auto some = Records{kernel_.store()}.list(page);
    if (!some) return some.failure();
    DelegationPage out;
    for (auto& record : some->records) out.delegations.push_back(std::move(record.delegation));
    out.next = std::move(some->next);
    return out;
}

}  // namespace bh::ipv6_static
