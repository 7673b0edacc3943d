// The SDK from the other side of the ABI: one class of all four kinds, called through its C tables.
#include "plugin-api/sdk/cpp/calls_for_test.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

#include <stdexcept>

using namespace bh;
using namespace bh::sdk;
using namespace bh::sdk::test;
using Catch::Matchers::ContainsSubstring;

namespace {

struct Everything {
    static constexpr std::string_view kId = "org.blockhost.test.everything";
    static constexpr std::string_view kVersion = "1.2.3";

    Kernel kernel;
    static Result<std::unique_ptr<Everything>> create(const Kernel& kernel, std::string_view config) {
        if (config != "{}") return invalid("bad_config", "no");
        return std::make_unique<Everything>(kernel);
    }
    explicit Everything(const Kernel& k) : kernel{k} {}

    // hypervisor, guest, console
    Result<HypervisorDescription> describe() { return HypervisorDescription{{"file"}, "kernel", "tcg", {}, 0}; }
    Result<Vm> vm_create(const Call& call, const VmSpec& spec) {
        const Status saved = call.save("about to create " + spec.name);
        if (!saved) return saved.failure();
        if (const auto stop = call.stop()) return *stop;
        Vm vm;
        vm.vm = "vm-1";
        vm.created_by = call.op_id();
        vm.name = spec.name + std::string{call.checkpoint()};
        return vm;
    }
    Status vm_destroy(const Call&, const std::string& vm) {
        if (vm == "throw") throw std::runtime_error{"a bug"};
        if (vm == "memory") throw std::bad_alloc{};
        if (vm == "odd") throw 7;  // NOLINT: a plugin may throw anything
        return {};
    }
    Status vm_power(const Call&, const std::string&, std::uint32_t) { return pending(250, "waits for the guest"); }
    Result<Vm> vm_get(const std::string& vm) { return Failure{BH_E_NOT_FOUND, "no_vm", "no VM " + vm}; }
    Result<VmPage> vm_list(std::string_view page) { return VmPage{{}, std::string{page}}; }
    Result<bh_vm_stats> vm_stats(const std::string&) {
        bh_vm_stats stats{};
        stats.state = BH_VM_RUNNING;
        stats.uptime_s = 5;
        stats.net_tx_bytes = 9;
        return stats;
    }
    Result<Bytes> guest_exchange(const Call&, const std::string&, const Bytes& request) { return request; }
    Result<Console> console_open(const Call&, const std::string&, std::uint32_t) {
        return Console{"/run/c", "", "text", {}};
    }

    // storage
    Result<StorageDescription> describe_storage() { return StorageDescription{{"block"}, {}}; }
    Result<std::vector<Pool>> pools() { return std::vector<Pool>{}; }
    Result<Image> image_import(const Call&, const Image& image) { return image; }
    Result<Volume> volume_create(const Call&, const VolumeSpec&) { return Failure{BH_E_CONFLICT, "other", "x"}; }
    Status volume_resize(const Call&, const std::string&, std::uint64_t) { return {}; }
    Status volume_delete(const Call&, const std::string& volume) { return invalid("seen", volume); }
    Result<VolumePage> volume_list(std::string_view) { return VolumePage{}; }
};

struct Chainy {
    static constexpr std::string_view kId = "org.blockhost.test.chainy";
    static constexpr std::string_view kVersion = "1.0.0";
    static Result<std::unique_ptr<Chainy>> create(const Kernel&, std::string_view) {
        return std::make_unique<Chainy>();
    }
    static Result<std::vector<Finding>> check(const Kernel& kernel, std::string_view, std::uint64_t) {
        return std::vector<Finding>{{"/url", "error", kernel.instance() + " is down", "start it"}};
    }
    Result<std::string> health() { return std::string{"block 5"}; }
    Result<ChainDescription> describe() { return ChainDescription{}; }
    Result<ChainEvents> poll(const Call&, std::string_view cursor, std::uint32_t) {
        ChainEvents events;
        events.cursor = std::string{cursor} + "+1";
        return events;
    }
    Result<Receipt> submit(const Call&, const Intent& intent, const Position& final_at) {
        return Receipt{intent.action, final_at, {}, {}};
    }
    Result<OwnerAnswer> owner_of(const std::string&, const At& at) {
        return OwnerAnswer{true, at.position, "0xb0", ""};
    }
    Result<SubscriptionState> subscription_state(const std::string& id, const At& at) {
        SubscriptionState state;
        state.subscription = id + "/" + std::to_string(at.min_agree);
        return state;
    }
    Result<Balances> balances(const std::string&, const At&) { return Balances{}; }
    Result<Verification> verify_signature(const std::string&, const std::string&, const Bytes& message,
                                          const Bytes& signature, const At& at) {
        return Verification{message == signature, at.position};
    }
    Result<std::string> recover_signer(const std::string&, const Bytes&, const Bytes&) { return std::string{"0xAb"}; }
    Result<std::string> parse_address(const std::string& text) { return invalid("bad_address", "no: " + text); }
};

VmSpec spec() {
    VmSpec spec;
    spec.name = "bh-7";
    return spec;
}

}  // namespace

TEST_CASE("entry takes a kernel of its own draft and no other") {
    bh_entry_args args{sizeof(bh_entry_args), BH_ABI_MINOR, BH_ABI_DRAFT, 0, {}};
    bh_error error{};
    CHECK(PluginGlue<Everything>::entry(&args, &error) == &PluginGlue<Everything>::table);
    args.abi_draft += 1;
    CHECK(PluginGlue<Everything>::entry(&args, &error) == nullptr);
    CHECK(std::string{error.reason} == "other_draft");
}

TEST_CASE("query finds exactly the kinds and extensions that the class has") {
    for (const char* id : {BH_HYPERVISOR, BH_HYPERVISOR_GUEST, BH_HYPERVISOR_CONSOLE, BH_STORAGE})
        CHECK(PluginGlue<Everything>::query(id) != nullptr);
    for (const char* id : {BH_CHAIN, BH_IPV6, BH_HYPERVISOR_RESIZE, "bh.hypervisor/2", ""})
        CHECK(PluginGlue<Everything>::query(id) == nullptr);
    CHECK(PluginGlue<Chainy>::query(BH_CHAIN) != nullptr);
    CHECK(PluginGlue<Chainy>::query(BH_HYPERVISOR) == nullptr);
}

TEST_CASE("a create that fails leaves the output alone") {
    bh_instance* out = nullptr;
    bh_error error{};
    CHECK(PluginGlue<Everything>::create(&kKernel, str("[]"), &out, &error) == BH_E_INVALID);
    CHECK(out == nullptr);
    CHECK(std::string{error.reason} == "bad_config");
    CHECK(PluginGlue<Everything>::create(&kKernel, str("[]"), &out, nullptr) == BH_E_INVALID);
}

TEST_CASE("a verb parses its document, saves, and prints its answer") {
    Loaded<Everything> loaded;
    FakeCall call;
    Collector out;
    const std::string text = to_json(spec());
    const auto& table = loaded.table<bh_hypervisor>(BH_HYPERVISOR);
    REQUIRE(table.vm_create(loaded.instance, &call.call, str(text), out.sink(), &loaded.error) == BH_OK);
    const auto vm = parse_vm(out.text());
    REQUIRE(vm);
    CHECK(vm->created_by == "op-1");
    CHECK(vm->name == "bh-7");
    CHECK(call.checkpoint == "about to create bh-7");
}

TEST_CASE("a document that does not parse is named by its argument and field") {
    Loaded<Everything> loaded;
    FakeCall call;
    Collector out;
    const auto& table = loaded.table<bh_hypervisor>(BH_HYPERVISOR);
    CHECK(table.vm_create(loaded.instance, &call.call, str(R"({"name":5})"), out.sink(), &loaded.error) ==
          BH_E_INVALID);
    CHECK(std::string{loaded.error.message} == "spec: /name: must be a string");
    CHECK(out.text().empty());
}

TEST_CASE("cancellation and a failed save arrive as the ABI says") {
    Loaded<Everything> loaded;
    const auto& table = loaded.table<bh_hypervisor>(BH_HYPERVISOR);
    const std::string text = to_json(spec());
    const auto create = [&](std::uint32_t cancel, bh_status save) {
        FakeCall call;
        call.cancel = cancel;
        call.save_status = save;
        Collector out;
        return table.vm_create(loaded.instance, &call.call, str(text), out.sink(), &loaded.error);
    };
    CHECK(create(BH_CANCEL_ORDER, BH_OK) == BH_E_CANCELLED);
    CHECK(create(BH_CANCEL_DEADLINE, BH_OK) == BH_E_TIMEOUT);
    CHECK(create(BH_CANCEL_SHUTDOWN, BH_OK) == BH_E_INTERRUPTED);
    CHECK(create(99, BH_OK) == BH_E_INTERRUPTED);
    CHECK(create(BH_CANCEL_NONE, BH_E_UNAVAILABLE) == BH_E_UNAVAILABLE);
    CHECK(std::string{loaded.error.message} == "the disk is full");
}

TEST_CASE("nothing is thrown across the boundary") {
    Loaded<Everything> loaded;
    FakeCall call;
    const auto& table = loaded.table<bh_hypervisor>(BH_HYPERVISOR);
    const auto destroy = [&](std::string_view vm) {
        return table.vm_destroy(loaded.instance, &call.call, str(vm), &loaded.error);
    };
    CHECK(destroy("throw") == BH_E_INTERNAL);
    CHECK(std::string{loaded.error.message} == "a bug");
    CHECK(destroy("memory") == BH_E_INTERNAL);
    CHECK(destroy("odd") == BH_E_INTERNAL);
    CHECK(destroy("fine") == BH_OK);
}

TEST_CASE("a class of two kinds describes each") {
    Loaded<Everything> loaded;
    Collector machines, volumes;
    REQUIRE(loaded.table<bh_hypervisor>(BH_HYPERVISOR).describe(loaded.instance, machines.sink(), nullptr) == BH_OK);
    REQUIRE(loaded.table<bh_storage>(BH_STORAGE).describe(loaded.instance, volumes.sink(), nullptr) == BH_OK);
    CHECK(parse_hypervisor_description(machines.text())->accelerator == "tcg");
    CHECK(parse_storage_description(volumes.text())->volume_kinds == std::vector<std::string>{"block"});
}

TEST_CASE("pending carries when to ask again") {
    Loaded<Everything> loaded;
    FakeCall call;
    const auto& table = loaded.table<bh_hypervisor>(BH_HYPERVISOR);
    CHECK(table.vm_power(loaded.instance, &call.call, str("vm-1"), BH_POWER_START, &loaded.error) == BH_PENDING);
    CHECK(loaded.error.retry_after_ms == 250);
}

TEST_CASE("an object is named by its id or by its whole document") {
    Loaded<Everything> loaded;
    FakeCall call;
    const auto& table = loaded.table<bh_storage>(BH_STORAGE);
    Volume volume;
    volume.volume = "v-9";
    for (const std::string& text : {std::string{"v-9"}, to_json(volume)}) {
        CHECK(table.volume_delete(loaded.instance, &call.call, str(text), &loaded.error) == BH_E_INVALID);
        CHECK(std::string{loaded.error.message} == "v-9");
    }
    CHECK(table.volume_delete(loaded.instance, &call.call, str("{}"), &loaded.error) == BH_E_INVALID);
    CHECK_THAT(loaded.error.message, ContainsSubstring("volume: /"));
}

TEST_CASE("statistics fit an older and a newer kernel") {
    Loaded<Everything> loaded;
    const auto& table = loaded.table<bh_hypervisor>(BH_HYPERVISOR);
    struct {
        bh_vm_stats stats{};
        std::int64_t after = 77;
    } out;
    out.stats.struct_size = offsetof(bh_vm_stats, net_tx_bytes);
    out.stats.net_tx_bytes = -5;
    REQUIRE(table.vm_stats(loaded.instance, str("x"), &out.stats, &loaded.error) == BH_OK);
    CHECK(out.stats.uptime_s == 5);
    CHECK(out.stats.net_tx_bytes == -5);
    CHECK(out.stats.struct_size == offsetof(bh_vm_stats, net_tx_bytes));
    out.stats.struct_size = sizeof out;
    REQUIRE(table.vm_stats(loaded.instance, str("x"), &out.stats, &loaded.error) == BH_OK);
    CHECK(out.stats.net_tx_bytes == 9);
    CHECK(out.after == 77);
    // What a newer kernel has behind it was not filled in, and is not said to be.
    CHECK(out.stats.struct_size == sizeof(bh_vm_stats));
}

TEST_CASE("verbs of a quiesced instance are interrupted") {
    Loaded<Everything> loaded;
    REQUIRE(loaded.plugin->quiesce(loaded.instance, 0, &loaded.error) == BH_OK);
    Collector out;
    CHECK(loaded.table<bh_hypervisor>(BH_HYPERVISOR).vm_list(loaded.instance, str(""), out.sink(), &loaded.error) ==
          BH_E_INTERRUPTED);
}

TEST_CASE("a sink that is full ends the verb with its status") {
    Loaded<Everything> loaded;
    Collector out{4};
    CHECK(loaded.table<bh_hypervisor>(BH_HYPERVISOR).vm_list(loaded.instance, str("p"), out.sink(), &loaded.error) ==
          BH_E_EXHAUSTED);
}

TEST_CASE("guest bytes and console pass through") {
    Loaded<Everything> loaded;
    FakeCall call;
    Collector answer, console;
    const Bytes request{0, 1, 255};
    REQUIRE(loaded.table<bh_hypervisor_guest>(BH_HYPERVISOR_GUEST)
                .guest_exchange(loaded.instance, &call.call, str("vm-1"), raw(request), answer.sink(), nullptr) ==
            BH_OK);
    CHECK(answer.bytes() == request);
    REQUIRE(loaded.table<bh_hypervisor_console>(BH_HYPERVISOR_CONSOLE)
                .console_open(loaded.instance, &call.call, str("vm-1"), BH_CONSOLE_TEXT, console.sink(), nullptr) ==
            BH_OK);
    CHECK(parse_console(console.text())->unix_path == "/run/c");
}

TEST_CASE("check and health answer in findings, with and without the plugin's own") {
    Loaded<Chainy> chainy;
    Loaded<Everything> everything;
    Collector own, none, health;
    REQUIRE(chainy.plugin->check(&kKernel, str("{}"), 0, own.sink(), nullptr) == BH_OK);
    CHECK(parse_findings(own.text())->at(0).message == "inst is down");
    REQUIRE(everything.plugin->check(&kKernel, str("{}"), 0, none.sink(), nullptr) == BH_OK);
    CHECK(parse_findings(none.text())->empty());
    REQUIRE(chainy.plugin->health(chainy.instance, health.sink(), nullptr) == BH_OK);
    CHECK(parse_findings(health.text())->at(0).message == "block 5");
}

TEST_CASE("chain reads are told where and how surely") {
    Loaded<Chainy> loaded;
    FakeCall call;
    const auto& table = loaded.table<bh_chain>(BH_CHAIN);
    Collector state, receipt, signature, events, address;
    REQUIRE(table.subscription_state(loaded.instance, str("7"), str(""), 3, state.sink(), nullptr) == BH_OK);
    CHECK(parse_subscription_state(state.text())->subscription == "7/3");
    const std::string at = to_json(Position{"0xab", 9});
    Intent intent;
    intent.action = "close";
    REQUIRE(table.submit(loaded.instance, &call.call, str(to_json(intent)), str(at), receipt.sink(), nullptr) == BH_OK);
    CHECK(parse_receipt(receipt.text())->position == Position{"0xab", 9});
    CHECK(parse_receipt(receipt.text())->tx == "close");
    REQUIRE(table.verify_signature(loaded.instance, str("eip191"), str("0xb0"), raw(std::string_view{"m"}),
                                   raw(std::string_view{"m"}), str(at), 0, signature.sink(), nullptr) == BH_OK);
    CHECK(parse_verification(signature.text())->valid);
    REQUIRE(table.poll(loaded.instance, &call.call, str("c"), 5, events.sink(), nullptr) == BH_OK);
    CHECK(parse_chain_events(events.text())->cursor == "c+1");
    REQUIRE(table.recover_signer(loaded.instance, str("eip191"), {}, {}, address.sink(), nullptr) == BH_OK);
    CHECK(address.text() == "0xAb");
    CHECK(table.parse_address(loaded.instance, str("z"), address.sink(), &loaded.error) == BH_E_INVALID);
    CHECK(table.owner_of(loaded.instance, str("7"), str("{"), 0, state.sink(), &loaded.error) == BH_E_INVALID);
    CHECK_THAT(loaded.error.message, ContainsSubstring("at: "));
}

TEST_CASE("a service that is not granted says so") {
    const Kernel kernel{kKernel};
    kernel.log().info("goes nowhere");
    const auto value = kernel.store().get("k");
    REQUIRE_FALSE(value);
    CHECK(value.failure().code == BH_E_DENIED);
    CHECK_THAT(value.failure().message, ContainsSubstring(BH_SVC_STORE) && ContainsSubstring("manifest"));
    CHECK(kernel.signer().public_key("agent").failure().code == BH_E_DENIED);
    CHECK(kernel.launch().status("u").failure().code == BH_E_DENIED);
    CHECK(kernel.connect().tcp("h", 1, 0).failure().code == BH_E_DENIED);
    CHECK(kernel.secrets().with("s", [](std::string_view) { return Status{}; }).failure().code == BH_E_DENIED);
}

TEST_CASE("long messages are cut between characters") {
    bh_error error{};
    const std::string long_message = std::string(446, 'a') + "\xC3\xA9\xC3\xA9";
    report(&error, BH_E_INVALID, "r", long_message);
    CHECK(std::string{error.message} == std::string(446, 'a'));
    report(&error, BH_E_INVALID, "r", std::string(447, 'b'));
    CHECK(std::string{error.message} == std::string(447, 'b'));
}
