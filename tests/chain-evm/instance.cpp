#include "tests/chain-evm/instance.hpp"

#include "plugin-api/sdk/cpp/boundary.hpp"

#include <catch2/catch_test_macros.hpp>

namespace bh::evm::test {
namespace {

using sdk::Collector;
using sdk::Error;
using sdk::raw;
using sdk::str;

const bh_plugin& plugin() {
    static const bh_plugin* const loaded = [] {
        bh_entry_args args{};
        args.struct_size = sizeof args;
        args.abi_draft = BH_ABI_DRAFT;
        Error error;
        return bh_plugin_entry_v0(&args, error.out());
    }();
    REQUIRE(loaded != nullptr);
    return *loaded;
}

const bh_chain& chain() {
    const auto* table = static_cast<const bh_chain*>(plugin().query(BH_CHAIN));
    REQUIRE(table != nullptr);
    return *table;
}

const bh_chain_contract& contract() {
    const auto* table = static_cast<const bh_chain_contract*>(plugin().query(BH_CHAIN_CONTRACT));
    REQUIRE(table != nullptr);
    return *table;
}

template <class D, class F>
Result<D> ask(Result<D> (*parse)(std::string_view), F&& verb) {
    Collector out;
    Error error;
    const bh_status status = verb(out.sink(), error.out());
    if (status != BH_OK) return error.failure(status);
    Result<D> answer = parse(out.text());
    INFO(out.text().substr(0, 500));
    REQUIRE(answer.ok());
    return answer;
}

Result<std::string> as_text(std::string_view text) { return std::string{text}; }

bh_call call_of(JobDouble& job) {
    bh_call call{};
    call.struct_size = sizeof call;
    call.attempt = ++job.attempt;
    call.op_id = str(job.op_id);
    call.checkpoint = raw(job.checkpoint);
    call.cancel_fd = -1;
    call.ctx = &job;
    call.cancelled = [](const bh_call* c) noexcept -> std::int32_t {
        return static_cast<JobDouble*>(c->ctx)->cancel != BH_CANCEL_NONE;
    };
    call.cancel_reason = [](const bh_call* c) noexcept { return static_cast<JobDouble*>(c->ctx)->cancel; };
    call.progress = [](const bh_call*, std::uint32_t, bh_str) noexcept {};
    call.save = [](const bh_call* c, bh_bytes bytes, bh_error* err) noexcept -> bh_status {
        auto& job = *static_cast<JobDouble*>(c->ctx);
        job.checkpoint.assign(reinterpret_cast<const char*>(bytes.ptr), bytes.len);
        ++job.saves;
        if (!job.die_after_save) return BH_OK;
        return sdk::report(err, BH_E_INTERRUPTED, "killed", "the process ended here");
    };
    return call;
}

}  // namespace

Instance::Instance(KernelDouble& kernel, const std::string& config) {
    Error error;
    const bh_status status = plugin().create(kernel.kernel(), str(config), &instance_, error.out());
    INFO(error.failure(status).message);
    REQUIRE(status == BH_OK);
}

Instance::~Instance() {
    Error error;
    plugin().quiesce(instance_, 0, error.out());
    plugin().destroy(instance_);
}

Status Instance::try_create(KernelDouble& kernel, const std::string& config) {
    bh_instance* made = nullptr;
    Error error;
    const bh_status status = plugin().create(kernel.kernel(), str(config), &made, error.out());
    if (status == BH_OK) plugin().destroy(made);
    return error.status(status);
}

Result<std::vector<Finding>> Instance::check(KernelDouble& kernel, const std::string& config) {
    return ask(parse_findings,
               [&](bh_sink out, bh_error* err) { return plugin().check(kernel.kernel(), str(config), 0, out, err); });
}

Result<ChainDescription> Instance::describe() {
    return ask(parse_chain_description,
               [&](bh_sink out, bh_error* err) { return chain().describe(instance_, out, err); });
}

Result<ChainValue> Instance::contract_read(const ChainRead& request, const Position& at, std::uint32_t agree) {
    const std::string text = to_json(request), where = at.known() ? to_json(at) : std::string{};
    return ask(parse_chain_value, [&](bh_sink out, bh_error* err) {
        return contract().read(instance_, str(text), str(where), agree, out, err);
    });
}

Result<ChainLogs> Instance::contract_logs(const ChainFilter& filter, const std::string& cursor, std::uint32_t max) {
    const std::string text = to_json(filter);
    return ask(parse_chain_logs, [&](bh_sink out, bh_error* err) {
        return contract().logs(instance_, str(text), str(cursor), max, out, err);
    });
}

Result<ChainEvents> Instance::poll(const std::string& cursor, std::uint32_t max) {
    JobDouble job{"poll", {}, 0, false, BH_CANCEL_NONE, 0};
    const bh_call call = call_of(job);
    return ask(parse_chain_events,
               [&](bh_sink out, bh_error* err) { return chain().poll(instance_, &call, str(cursor), max, out, err); });
}

Result<Receipt> Instance::submit(JobDouble& job, const Intent& intent, const Position& final_at) {
    return submit_text(job, to_json(intent), final_at);
}

Result<Receipt> Instance::submit(JobDouble& job, const ContractCall& what, const Position& final_at) {
    return submit_text(job, to_json(what), final_at);
}

Result<Receipt> Instance::submit_text(JobDouble& job, const std::string& text, const Position& final_at) {
    const std::string checkpoint = job.checkpoint;
    bh_call call = call_of(job);
    call.checkpoint = raw(checkpoint);
    const std::string position = final_at.known() ? to_json(final_at) : "";
    return ask(parse_receipt, [&](bh_sink out, bh_error* err) {
        return chain().submit(instance_, &call, str(text), str(position), out, err);
    });
}

Result<SubscriptionState> Instance::state(const std::string& id, const Position& at, std::uint32_t agree) {
    const std::string position = at.known() ? to_json(at) : "";
    return ask(parse_subscription_state, [&](bh_sink out, bh_error* err) {
        return chain().subscription_state(instance_, str(id), str(position), agree, out, err);
    });
}

Result<OwnerAnswer> Instance::owner_of(const std::string& id, const Position& at) {
    const std::string position = at.known() ? to_json(at) : "";
    return ask(parse_owner, [&](bh_sink out, bh_error* err) {
        return chain().owner_of(instance_, str(id), str(position), 0, out, err);
    });
}

Result<Balances> Instance::balances(const std::string& account) {
    return ask(parse_balances, [&](bh_sink out, bh_error* err) {
        return chain().balances(instance_, str(account), str(""), 0, out, err);
    });
}

Result<Verification> Instance::verify(const std::string& signer, const Bytes& message, const Bytes& signature,
                                      const std::string& scheme, const Position& at, std::uint32_t agree) {
    const std::string position = at.known() ? to_json(at) : "";
    return ask(parse_verification, [&](bh_sink out, bh_error* err) {
        return chain().verify_signature(instance_, str(scheme), str(signer), raw(message), raw(signature),
                                        str(position), agree, out, err);
    });
}

Result<std::string> Instance::recover(const std::string& scheme, const Bytes& message, const Bytes& signature) {
    return ask(as_text, [&](bh_sink out, bh_error* err) {
        return chain().recover_signer(instance_, str(scheme), raw(message), raw(signature), out, err);
    });
}

Result<std::string> Instance::parse_address(const std::string& text) {
    return ask(as_text,
               [&](bh_sink out, bh_error* err) { return chain().parse_address(instance_, str(text), out, err); });
}

Result<std::string> Instance::health() {
    return ask(as_text, [&](bh_sink out, bh_error* err) { return plugin().health(instance_, out, err); });
}

}  // namespace bh::evm::test
