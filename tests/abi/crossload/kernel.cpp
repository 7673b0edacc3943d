// As much of a kernel as can be of any generation (BH_ADDED: the newer one): loads one plugin in one mode and looks at
// what each side sees of the other.
//
//   mini-kernel inprocess|worker DIR frozen|next [WORKER]      DIR: the plugin, which is of that generation
#include "kernel/check/starter.hpp"
#include "kernel/worker/worker.hpp"
#include "plugin-api/host/loader.hpp"

#include <blockhost/blockhost.h>

#include <cstdio>
#include <iostream>

namespace {

using namespace bh;
using worker::view;

#ifdef BH_ADDED
constexpr bool kNext = true;
#else
constexpr bool kNext = false;
#endif

int g_wrong = 0;  // of this test program

void expect(bool good, const std::string& what) {
    if (good) return;
    ++g_wrong;
    std::cerr << "WRONG: " << what << "\n";
}
void expect_equal(const std::string& is, const std::string& wanted) {
    expect(is == wanted, "\"" + is + "\"\n  must be \"" + wanted + "\"");
}

bh_status collect(void* ctx, const void* data, std::size_t size) noexcept {
    static_cast<std::string*>(ctx)->append(static_cast<const char*>(data), size);
    return BH_OK;
}
bh_error empty_error() {
    bh_error error{};
    error.struct_size = sizeof error;
    return error;
}
// verb(sink, err), which must be BH_OK -> what it wrote.
template <class F>
std::string ask(const std::string& what, F&& verb) {
    std::string text;
    bh_error error = empty_error();
    const bh_status status = verb(bh_sink{&text, collect}, &error);
    expect(status == BH_OK, what + " answers " + std::to_string(status) + " " + error.message);
    return text;
}

// The kernel's side: a store and a call.

struct Kernel {
    Kernel() {
        kernel.struct_size = sizeof kernel;
        kernel.abi_minor = BH_ABI_MINOR;
        kernel.ctx = this;
        kernel.instance = view("cross");
        kernel.service = [](const bh_kernel* self, const char* id) noexcept -> const void* {
            return std::string_view{id} == BH_SVC_STORE ? &static_cast<Kernel*>(self->ctx)->store : nullptr;
        };
        store.struct_size = sizeof store;
        store.put = [](const bh_kernel* self, const bh_str*, const bh_bytes*, std::uint32_t count,
                       bh_error*) noexcept -> bh_status {
            static_cast<Kernel*>(self->ctx)->puts += count;
            return BH_OK;
        };
        call.struct_size = sizeof call;
        call.attempt = 3;
        call.op_id = view("op-1");
        call.cancel_fd = -1;
        call.ctx = this;
        call.cancelled = [](const bh_call*) noexcept -> std::int32_t { return 0; };
        call.cancel_reason = [](const bh_call*) noexcept -> std::uint32_t { return BH_CANCEL_NONE; };
        call.progress = [](const bh_call* self, std::uint32_t permille, bh_str) noexcept {
            static_cast<Kernel*>(self->ctx)->permille = permille;
        };
        call.save = [](const bh_call* self, bh_bytes, bh_error*) noexcept -> bh_status {
            ++static_cast<Kernel*>(self->ctx)->saves;
            return BH_OK;
        };
#ifdef BH_ADDED
        store.added = [](const bh_kernel*, bh_str text, bh_sink out, bh_error*) noexcept -> bh_status {
            const std::string answer = "store-of-" + std::string{view(text)};
            return out.write(out.ctx, answer.data(), answer.size());
        };
        call.added = [](const bh_call*, bh_str text, bh_sink out, bh_error*) noexcept -> bh_status {
            const std::string answer = "call-of-" + std::string{view(text)};
            return out.write(out.ctx, answer.data(), answer.size());
        };
#endif
    }
    bh_kernel kernel{};
    bh_svc_store store{};
    bh_call call{};
    std::uint32_t puts = 0, permille = 0, saves = 0;
};

struct Subject {
    const bh_plugin* plugin = nullptr;
    bh_instance* self = nullptr;
    bool next = false, worker = false;  // its generation and mode
    std::vector<std::string> interfaces;

    template <class V>
    const V& table(const char* id) const {
        return *static_cast<const V*>(plugin->query(id));
    }
};

void check_old_verbs(const Subject& s, Kernel& kernel) {
    const auto& verbs = s.table<bh_hypervisor>(BH_HYPERVISOR);
    const std::string generation = s.next ? "next" : "frozen";
    expect_equal(ask("describe", [&](bh_sink o, bh_error* e) { return verbs.describe(s.self, o, e); }),
                 "plugin=" + generation + " kernel_minor=" + std::to_string(BH_ABI_MINOR) + " instance=cross");
    const std::string added = !s.next ? "unknown" : kNext ? "-of-plugin" : "absent";
    const bool both = s.next && kNext;
    expect_equal(ask("vm_create",
                     [&](bh_sink o, bh_error* e) { return verbs.vm_create(s.self, &kernel.call, view("{}"), o, e); }),
                 "op=op-1 attempt=3 spec={} cancelled=0 saved=0 store=0 call.added=" + (both ? "call" + added : added) +
                     " store.added=" + (both ? "store" + added : added));
    expect(kernel.saves == 1 && kernel.puts == 1 && kernel.permille == 500, "save(), put() or progress() was not seen");

    std::string none;
    bh_error error = empty_error();
    const bh_status status = verbs.vm_get(s.self, view("vm"), bh_sink{&none, collect}, &error);
    expect(status == BH_E_NOT_FOUND && error.code == BH_E_NOT_FOUND && error.struct_size == sizeof error,
           "vm_get does not fail as told");
    expect_equal(error.reason, "no_vm");
    expect_equal(error.message, "on purpose");

    struct Room {
        bh_vm_stats stats;
        std::uint8_t more[16];
    } room{};
    std::memset(&room, 0x5a, sizeof room);
    room.stats.struct_size = sizeof room.stats;
    ask("vm_stats", [&](bh_sink, bh_error* e) { return verbs.vm_stats(s.self, view("vm"), &room.stats, e); });
    expect(room.stats.net_tx_bytes == 77 && room.stats.state == BH_VM_RUNNING,
           "vm_stats fills other fields than it knows");
    for (const std::uint8_t byte : room.more) expect(byte == 0x5a, "vm_stats writes behind the struct");
#ifdef BH_ADDED
    const bool filled = BH_HAS(&room.stats, bh_vm_stats, added);
    expect(filled == s.next, "what an older plugin can't fill in is said to be filled in, or the other way round");
    if (filled) expect(room.stats.added == 42, "the appended field has another value");
#endif
}

#ifdef BH_ADDED
// Each table's appended function: there, and works, exactly if the plugin is of the newer generation.
template <class V>
void check_appended(const Subject& s, const char* id) {
    const auto& table = s.table<V>(id);
    // A worker's proxy has all of them; it is the worker that can't find it.
    const bool has = BH_HAS(&table, V, added);
    expect(has == (s.next || s.worker), std::string{id} + ": BH_HAS() is wrong about the appended function");
    if (!has) return;
    std::string text;
    bh_error error = empty_error();
    const bh_status status = table.added(s.self, view("hello"), bh_sink{&text, collect}, &error);
    expect(status == (s.next ? BH_OK : BH_E_UNSUPPORTED),
           std::string{id} + ": the appended function answers " + std::to_string(status) + " " + error.message);
    expect_equal(text, s.next ? "hello" : "");
}
#endif

void check_new(const Subject& s) {
#ifdef BH_ADDED
    check_appended<bh_chain>(s, BH_CHAIN);
    check_appended<bh_hypervisor>(s, BH_HYPERVISOR);
    check_appended<bh_ipv6>(s, BH_IPV6);
    check_appended<bh_storage>(s, BH_STORAGE);
    check_appended<bh_chain_contract>(s, BH_CHAIN_CONTRACT);
    check_appended<bh_hypervisor_console>(s, BH_HYPERVISOR_CONSOLE);
    check_appended<bh_hypervisor_guest>(s, BH_HYPERVISOR_GUEST);
    check_appended<bh_hypervisor_reinstall>(s, BH_HYPERVISOR_REINSTALL);
    check_appended<bh_hypervisor_resize>(s, BH_HYPERVISOR_RESIZE);
    check_appended<bh_hypervisor_snapshot>(s, BH_HYPERVISOR_SNAPSHOT);
    if (!s.worker) expect((s.plugin->query(BH_ADDED) != nullptr) == s.next, "query() is wrong about the new id");
    if (s.next) check_appended<bh_hypervisor_added>(s, BH_ADDED);
#else
    expect(s.plugin->query("bh.hypervisor.no-such-thing/1") == nullptr, "query() finds what there is not");
#endif
}

void check(const Subject& s, Kernel& kernel) {
    check_old_verbs(s, kernel);
    check_new(s);
    ask("health", [&](bh_sink o, bh_error* e) { return s.plugin->health(s.self, o, e); });
    ask("quiesce", [&](bh_sink, bh_error* e) { return s.plugin->quiesce(s.self, 0, e); });
}

[[noreturn]] void refuse(const Failure& failure) {
    std::cerr << "WRONG: " << failure.message << "\n";
    std::exit(1);
}

host::LoadRequest request_for(const std::string& directory, bool worker) {
    const auto manifest = host::read_manifest(directory + "/plugin.json");
    if (!manifest) refuse(manifest.failure());
    return {directory, manifest->id, manifest->sha256, "0.0.0", BH_HYPERVISOR, worker};
}

void in_process(Subject& s, const std::string& directory, Kernel& kernel) {
    const auto loaded = host::load(request_for(directory, false));
    if (!loaded) refuse(loaded.failure());
    s.plugin = loaded->plugin;
    ask("create", [&](bh_sink, bh_error* e) { return s.plugin->create(&kernel.kernel, view("{}"), &s.self, e); });
    check(s, kernel);
    s.plugin->destroy(s.self);
}

void in_worker(Subject& s, const std::string& directory, Kernel& kernel, const std::string& program) {
    const auto checked = host::check(request_for(directory, true));
    if (!checked) refuse(checked.failure());
    check::DirectStarter starter{program, {"rlimit", "0", "0", "none"}};
    worker::Worker worker{
        {"cross", checked->manifest.id, "0.0.0", "{}", checked->manifest.interfaces, {BH_SVC_STORE}, 0},
        checked->file.fd(),
        &kernel.kernel,
        starter,
        [](std::uint32_t, const std::string&) {}};
    if (const auto started = worker.start(); !started) refuse(started.failure());
    s.plugin = worker.plugin();
    s.self = worker.self();
    check(s, kernel);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) return 2;
    const std::string mode = argv[1], directory = argv[2];
    Kernel kernel;
    Subject subject;
    subject.next = std::string_view{argv[3]} == "next";
    subject.worker = mode == "worker";
    if (subject.worker && argc > 4)
        in_worker(subject, directory, kernel, argv[4]);
    else if (mode == "inprocess")
        in_process(subject, directory, kernel);
    else
        return 2;
    std::cout << "kernel " << (kNext ? "next" : "frozen") << ", plugin " << argv[3] << ", " << mode << ": "
              << (g_wrong == 0 ? "ok" : std::to_string(g_wrong) + " wrong") << "\n";
    return g_wrong == 0 ? 0 : 1;
}
