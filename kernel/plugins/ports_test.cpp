// Plugins that answer about something else, or with what is no document. The ports can't tell whether the table is the
// plugin's own or that of a worker's proxy; tests/worker and kernel/check bring up both.
#include "kernel/plugins/ports.hpp"
#include "plugin-api/documents/samples.hpp"

#include <catch2/catch_test_macros.hpp>

#include <blockhost/kind/hypervisor.h>
#include <blockhost/kind/ipv6.h>
#include <blockhost/kind/storage.h>

using namespace bh;
using namespace bh::plugins;

namespace {

// Every verb of it answers with the same text.
struct Liar {
    std::string answer;
    Instance instance;
    Liar() {
        static const bh_plugin plugin = [] {
            bh_plugin table{};
            table.struct_size = sizeof table;
            table.query = query;
            return table;
        }();
        instance.name = "machines";
        instance.plugin = &plugin;
        instance.self = reinterpret_cast<bh_instance*>(this);
    }
    static bh_status say(bh_instance* self, bh_sink out) {
        const std::string& text = reinterpret_cast<Liar*>(self)->answer;
        return out.write(out.ctx, text.data(), text.size());
    }
    static bh_status make(bh_instance* self, const bh_call*, bh_str, bh_sink out, bh_error*) noexcept {
        return say(self, out);
    }
    static bh_status get(bh_instance* self, bh_str, bh_sink out, bh_error*) noexcept { return say(self, out); }
    static const void* query(const char* id) noexcept {
        static const bh_hypervisor hypervisor{
            sizeof(bh_hypervisor), 0, nullptr, make, nullptr, nullptr, get, get, nullptr};
        static const bh_storage storage{sizeof(bh_storage), 0, nullptr, nullptr, nullptr, make, nullptr, nullptr, get};
        static const bh_ipv6 ipv6{sizeof(bh_ipv6), 0, nullptr, make, make, nullptr, get};
        const std::string_view wanted{id};
        if (wanted == BH_HYPERVISOR) return &hypervisor;
        if (wanted == BH_STORAGE) return &storage;
        return wanted == BH_IPV6 ? &ipv6 : nullptr;
    }
};

template <class D>
D ours(D document, std::string D::* id) {
    document.*id = "thing";
    document.created_by = "op";
    document.instance = "machines";
    return document;
}

template <class R>
std::string outcome(const R& result) {
    return result ? "taken" : result.failure().reason;
}

// What the verbs say to a document as it should be and to each way in which it is another's. `make` takes what an op_id
// makes, `get` what is asked for by its id, `list` pages.
template <class D, class Make, class Get, class List>
void check_belonging(Liar& liar, const D& good, std::string D::* id, Make make, Get get, List list) {
    const auto say = [&](auto change) {
        D document = good;
        change(document);
        liar.answer = to_json(document);
    };
    say([](D&) {});
    CHECK(outcome(make()) == "taken");
    CHECK(outcome(get()) == "taken");
    say([](D& d) { d.created_by = "other-op"; });
    CHECK(outcome(make()) == "foreign_object");
    say([&](D& d) { d.*id = "other-thing"; });
    CHECK(outcome(get()) == "foreign_object");
    say([](D& d) { d.instance = "somebody"; });
    CHECK(outcome(make()) == "foreign_object");
    CHECK(outcome(get()) == "foreign_object");
    for (const char* instance : {"machines", "somebody"}) {
        D document = good;
        document.instance = instance;
        CHECK(outcome(list(document)) == (document.instance == "machines" ? "taken" : "foreign_object"));
    }
}

life::Call call_of(const std::string& op_id) {
    life::Call call;
    call.op_id = op_id;
    return call;
}

}  // namespace

TEST_CASE("a VM of another op_id, id or instance is refused") {
    Liar liar;
    const auto port = make_hypervisor_port(liar.instance);
    REQUIRE(port);
    const life::Call call = call_of("op");
    const Vm good = ours(samples::vm(), &Vm::vm);
    check_belonging(
        liar, good, &Vm::vm, [&] { return (*port)->vm_create(call, samples::vm_spec()); },
        [&] { return (*port)->vm_get("thing"); },
        [&](const Vm& vm) {
            liar.answer = to_json(VmPage{{good, vm}, ""});
            return (*port)->vm_list("");
        });
}

TEST_CASE("a volume of another op_id or instance is refused") {
    Liar liar;
    const auto port = make_storage_port(liar.instance);
    REQUIRE(port);
    const life::Call call = call_of("op");
    const Volume good = ours(samples::volume(), &Volume::volume);
    for (const auto& [created_by, instance, says] :
         {std::tuple{"op", "machines", "taken"}, std::tuple{"other-op", "machines", "foreign_object"},
          std::tuple{"op", "somebody", "foreign_object"}}) {
        Volume volume = good;
        volume.created_by = created_by;
        volume.instance = instance;
        liar.answer = to_json(volume);
        CHECK(outcome((*port)->volume_create(call, {"bh-7-system", "", 1 << 24, samples::kTags})) == says);
        liar.answer = to_json(VolumePage{{good, volume}, ""});
        CHECK(outcome((*port)->volume_list("")) == (volume.instance == "machines" ? "taken" : "foreign_object"));
    }
}

TEST_CASE("a delegation of another op_id, id or instance is refused") {
    Liar liar;
    const auto port = make_ipv6_port(liar.instance);
    REQUIRE(port);
    const life::Call call = call_of("op");
    const Delegation good = ours(samples::delegation(), &Delegation::delegation);
    check_belonging(
        liar, good, &Delegation::delegation, [&] { return (*port)->delegation_acquire(call, {64, samples::kTags}); },
        [&] { return (*port)->delegation_renew(call, "thing"); },
        [&](const Delegation& delegation) {
            liar.answer = to_json(DelegationPage{{good, delegation}, ""});
            return (*port)->delegation_list("");
        });
}

TEST_CASE("what is too deep, too large, ambiguous or no text is no document") {
    Liar liar;
    const auto port = make_hypervisor_port(liar.instance);
    REQUIRE(port);
    const std::string good = to_json(ours(samples::vm(), &Vm::vm));
    const auto with = [&](const std::string& member) { return "{" + member + "," + good.substr(1); };
    liar.answer = with("\"unknown\":1");
    CHECK((*port)->vm_get("thing"));  // of a newer plugin
    const std::string deep = "\"unknown\":" + std::string(16, '[') + std::string(16, ']');
    for (const auto& [what, text] : {std::pair<std::string, std::string>{"too deep", with(deep)},
                                     {"a key twice", with("\"vm\":\"thing\"")},
                                     {"a NUL", with(std::string{"\"unknown\":\"\0\"", 13})},
                                     {"no UTF-8", with("\"unknown\":\"\xc3\x28\"")},
                                     {"half of it", good.substr(0, good.size() / 2)},
                                     {"two of it", good + good},
                                     {"nothing", ""}}) {
        INFO(what);
        liar.answer = text;
        const auto vm = (*port)->vm_get("thing");
        REQUIRE_FALSE(vm);
        CHECK(vm.failure().code == BH_E_INTERNAL);
        CHECK(vm.failure().reason == "bad_document");
    }
    liar.answer = with("\"unknown\":\"" + std::string(1 << 20, 'x') + "\"");
    const auto large = (*port)->vm_get("thing");
    REQUIRE_FALSE(large);
    CHECK(large.failure().code == BH_E_EXHAUSTED);
}
