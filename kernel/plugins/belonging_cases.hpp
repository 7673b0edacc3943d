// What the ports say to documents about another thing, and to what is no document: for tests, of a plugin in this
// process and of one in a worker.
#pragma once

#include "kernel/plugins/ports.hpp"
#include "plugin-api/documents/samples.hpp"

#include <catch2/catch_test_macros.hpp>

namespace bh::plugins::testing {

// Whose answers a test decides on: every verb of the plugin behind `instance` answers with the text that was said last.
struct Liar {
    virtual ~Liar() = default;
    virtual void say(const std::string& answer) = 0;
    virtual Instance& instance() = 0;
};

template <class D>
D own(const Instance& instance, D document, std::string D::* id) {
    document.*id = "thing";
    document.created_by = "op";
    document.instance = instance.name;
    return document;
}

template <class R>
std::string outcome(const R& result) {
    return result ? "taken" : result.failure().reason;
}

inline life::Call call_of(const std::string& op_id) {
    life::Call call;
    call.op_id = op_id;
    return call;
}

// What the verbs say to a document as it should be and to each way in which it is another's. `make` takes what an op_id
// makes, `get` what is asked for by its id, `list` pages.
template <class D, class Make, class Get, class List>
void check_belonging(Liar& liar, const D& good, std::string D::* id, Make make, Get get, List list) {
    const auto say = [&](auto change) {
        D document = good;
        change(document);
        liar.say(to_json(document));
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
    for (const std::string& instance : {liar.instance().name, std::string{"somebody"}}) {
        D document = good;
        document.instance = instance;
        CHECK(outcome(list(document)) == (instance == liar.instance().name ? "taken" : "foreign_object"));
    }
}

inline void check_vms_of_others(Liar& liar) {
    const auto port = make_hypervisor_port(liar.instance());
    REQUIRE(port);
    const life::Call call = call_of("op");
    const Vm good = own(liar.instance(), samples::vm(), &Vm::vm);
    check_belonging(
        liar, good, &Vm::vm, [&] { return (*port)->vm_create(call, samples::vm_spec()); },
        [&] { return (*port)->vm_get("thing"); },
        [&](const Vm& vm) {
            liar.say(to_json(VmPage{{good, vm}, ""}));
            return (*port)->vm_list("");
        });
}

inline void check_volumes_of_others(Liar& liar) {
    const auto port = make_storage_port(liar.instance());
    REQUIRE(port);
    const life::Call call = call_of("op");
    const std::string own_name = liar.instance().name;
    const Volume good = own(liar.instance(), samples::volume(), &Volume::volume);
    for (const auto& [created_by, instance, says] :
         {std::tuple{std::string{"op"}, own_name, "taken"},
          std::tuple{std::string{"other-op"}, own_name, "foreign_object"},
          std::tuple{std::string{"op"}, std::string{"somebody"}, "foreign_object"}}) {
        Volume volume = good;
        volume.created_by = created_by;
        volume.instance = instance;
        liar.say(to_json(volume));
        CHECK(outcome((*port)->volume_create(call, {"bh-7-system", "", 1 << 24, samples::kTags})) == says);
        liar.say(to_json(VolumePage{{good, volume}, ""}));
        CHECK(outcome((*port)->volume_list("")) == (volume.instance == own_name ? "taken" : "foreign_object"));
    }
}

inline void check_delegations_of_others(Liar& liar) {
    const auto port = make_ipv6_port(liar.instance());
    REQUIRE(port);
    const life::Call call = call_of("op");
    const Delegation good = own(liar.instance(), samples::delegation(), &Delegation::delegation);
    check_belonging(
        liar, good, &Delegation::delegation, [&] { return (*port)->delegation_acquire(call, {64, samples::kTags}); },
        [&] { return (*port)->delegation_renew(call, "thing"); },
        [&](const Delegation& delegation) {
            liar.say(to_json(DelegationPage{{good, delegation}, ""}));
            return (*port)->delegation_list("");
        });
}

inline void check_what_is_no_document(Liar& liar) {
    const auto port = make_hypervisor_port(liar.instance());
    REQUIRE(port);
    const std::string good = to_json(own(liar.instance(), samples::vm(), &Vm::vm));
    const auto with = [&](const std::string& member) { return "{" + member + "," + good.substr(1); };
    liar.say(with("\"unknown\":1"));
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
        liar.say(text);
        const auto vm = (*port)->vm_get("thing");
        REQUIRE_FALSE(vm);
        CHECK(vm.failure().code == BH_E_INTERNAL);
        CHECK(vm.failure().reason == "bad_document");
    }
    liar.say(with("\"unknown\":\"" + std::string(1 << 20, 'x') + "\""));
    const auto large = (*port)->vm_get("thing");
    REQUIRE_FALSE(large);
    CHECK(large.failure().code == BH_E_EXHAUSTED);
}

}  // namespace bh::plugins::testing
