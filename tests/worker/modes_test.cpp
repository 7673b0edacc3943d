// What holds for a plugin whichever way it runs, loaded into this process or in a sandboxed worker: its services, and
// what the kernel says to bad answers. The daemon's own store and signer, the real launcher.
#include "kernel/daemon/service_backends.hpp"
#include "kernel/plugins/belonging_cases.hpp"
#include "tests/worker/real_signer.hpp"
#include "tests/worker/world.hpp"

#include <catch2/generators/catch_generators.hpp>

#include <fcntl.h>
#include <sys/random.h>

using namespace bh;
using namespace bh::worker;
using namespace bh::worker::testing;

namespace {

const std::string kVm = "a0000000000000000000000000000000000000aa";

// Options of the mode that this run of the test case is about.
Options either_mode() {
    Options options;
    options.inprocess = GENERATE(true, false);
    options.patience = quick();
    options.patience.ends = 100;
    return options;
}

// A journal as the daemon's, and the daemon's store over it.
struct Kept {
    Kept() {
        auto opened = life::Journal::open(place / "journal.db", [] { return std::int64_t{1'700'000'000'000}; });
        REQUIRE(opened);
        journal = std::move(*opened);
        store = daemon::make_store_backend(*journal);
    }
    launch::testing::Place place;
    std::unique_ptr<life::Journal> journal;
    std::unique_ptr<plugins::StoreBackend> store;
};

Options with_units() {
    Options options = either_mode();
    if (!options.inprocess) options.worker = "memory_mib: 64, write: [PLACE/granted]";
    options.instance =
        "    programs: {sleep: /bin/sleep}\n"
        "    directories: [PLACE/granted]\n"
        "    tools: {id: {path: /usr/bin/id, commands: [[\"-u\"]]}}\n";
    options.grants = {{BH_SVC_LAUNCH}, {}, {}};
    options.real_launch = true;
    return options;
}

std::string sleeping(const std::string& seconds) {
    UnitSpec spec;
    spec.program = "sleep";
    spec.args = {seconds};
    return to_json(spec);
}

Result<std::string> of_vm(World& world, const std::string& act, const std::string& request = {}) {
    life::Call call;
    call.op_id = kVm;
    return world.ask(call, act, request);
}

// 32 digits, known here only as their complement, so that a search of this process's memory finds copies of others.
class Canary {
public:
    explicit Canary(const std::string& path) {
        std::array<std::uint8_t, 16> bytes{};
        REQUIRE(::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
        std::array<char, kSize> digits{};
        for (std::size_t i = 0; i < kSize; ++i) {
            digits[i] = "0123456789abcdef"[(bytes[i / 2] >> (i % 2 * 4)) & 15];
            hidden_[i] = static_cast<char>(~digits[i]);
        }
        const Fd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
        REQUIRE(file.valid());
        REQUIRE(::write(file.get(), digits.data(), kSize) == static_cast<ssize_t>(kSize));
        ::explicit_bzero(digits.data(), kSize);
        ::explicit_bzero(bytes.data(), bytes.size());
    }
    [[nodiscard]] bool is_in(std::string_view text) const {
        for (std::size_t at = 0; at + kSize <= text.size(); ++at) {
            std::size_t same = 0;
            while (same < kSize && text[at + same] == static_cast<char>(~hidden_[same])) ++same;
            if (same == kSize) return true;
        }
        return false;
    }
    // Its writable memory; -> whether it was found. `looked` grows by what could be read.
    [[nodiscard]] bool is_in_memory_of(const std::string& process, std::size_t& looked) const {
        const Fd memory{::open((process + "/mem").c_str(), O_RDONLY | O_CLOEXEC)};
        REQUIRE(memory.valid());
        std::ifstream maps{process + "/maps"};
        for (std::string line; std::getline(maps, line);) {
            unsigned long long from = 0, to = 0;
            char mode[5] = {};
            if (std::sscanf(line.c_str(), "%llx-%llx %4s", &from, &to, mode) != 3 || mode[1] != 'w') continue;
            std::string block(std::min<std::size_t>(to - from, std::size_t{64} << 20), '\0');
            const ssize_t size = ::pread(memory.get(), block.data(), block.size(), static_cast<off_t>(from));
            if (size <= 0) continue;
            looked += static_cast<std::size_t>(size);
            if (is_in({block.data(), static_cast<std::size_t>(size)})) return true;
        }
        return false;
    }

private:
    static constexpr std::size_t kSize = 32;
    std::array<char, kSize> hidden_{};
};

// The liar over a store in memory.
struct Lying : plugins::testing::Liar {
    Lying() {
        Options options = either_mode();
        options.plugin = "org.blockhost.test-liar";
        world.emplace(options);
        REQUIRE(world->first);
    }
    void say(const std::string& answer) override {
        const std::scoped_lock lock{world->store.mutex};
        world->store.values["answer"] = Bytes{answer.begin(), answer.end()};
    }
    plugins::Instance& instance() override { return world->instance; }
    std::optional<World> world;
};

}  // namespace

TEST_CASE("store: what was put is there after an end, all of a put or nothing, and within its limits") {
    Kept kept;
    Options options = either_mode();
    options.store = kept.store.get();
    {
        World world{options};
        REQUIRE(world.first);
        CHECK(world.ask("put", "a/1=one\na/2=two\nb=three").ok());
        CHECK(world.ask("get", "a/2").value() == "two");
        CHECK(world.ask("list", "a/").value() == R"({"keys":["a/1","a/2"],"next":""})");
        CHECK(world.ask("put", "a/1=\na/3=x").ok());
        CHECK(world.ask("get", "a/1").failure().code == BH_E_NOT_FOUND);
        const std::string with_nul{"n=a\0b", 5};
        CHECK(world.ask("put", with_nul).ok());
        CHECK(world.ask("get", "n").value() == with_nul.substr(2));
        // One bad row, and none of them is stored.
        CHECK(world.ask("put", "c=1\nBad Key=2").failure().reason == "bad_key");
        CHECK(world.ask("put", "c=1\nc=2").failure().reason == "key_twice");
        CHECK(world.ask("put", "c=1\n" + std::string(129, 'k') + "=2").failure().reason == "bad_key");
        const auto full = world.ask("put", "c=1\nlarge=" + std::string((1 << 20) - 2, 'x'));
        CHECK(full.failure().code == BH_E_EXHAUSTED);
        CHECK(full.failure().reason == "store_full");
        CHECK(world.ask("get", "c").failure().code == BH_E_NOT_FOUND);
        CHECK(world.ask("list").value() == R"({"keys":["a/2","a/3","b","n"],"next":""})");
        if (!options.inprocess) {
            CHECK_FALSE(world.ask("crash"));
            CHECK(wait_until([&] { return world.ask("get", "a/3").ok(); }));
        }
    }
    World again{options};
    CHECK(again.ask("get", "a/2").value() == "two");
    // Nobody else's.
    CHECK(kept.store->get("other", "a/2").failure().code == BH_E_NOT_FOUND);
    REQUIRE(kept.store->put("other", {{"theirs", {1}}}));
    CHECK(again.ask("get", "theirs").failure().code == BH_E_NOT_FOUND);
    CHECK(again.ask("list", "t").value() == R"({"keys":[],"next":""})");
}

TEST_CASE("launch: a unit is started once, told of, listed, signalled and outlives its plugin") {
    const Options options = with_units();
    World world{options};
    REQUIRE(world.first);
    const auto started = parse_unit(of_vm(world, "unit", sleeping("1000")).value());
    REQUIRE(started);
    CHECK(started->state == "running");
    const auto owner = [](std::int64_t pid) {
        struct stat info{};
        return ::stat(("/proc/" + std::to_string(pid)).c_str(), &info) == 0 ? info.st_uid : 0;
    };
    CHECK(owner(started->pid) == world.launcher->first_uid());
    CHECK(parse_unit(of_vm(world, "unit", sleeping("1000")).value())->pid == started->pid);
    CHECK(of_vm(world, "unit", sleeping("2000")).failure().code == BH_E_CONFLICT);
    if (!options.inprocess) {
        CHECK_FALSE(world.ask("crash"));
        CHECK(wait_until([&] { return world.ask("echo", "x").ok(); }));
    }
    CHECK(parse_unit(of_vm(world, "unit-status").value())->pid == started->pid);
    CHECK(parse_unit_page(world.ask("units").value())->units.size() == 1);
    CHECK(of_vm(world, "unit-signal", "9").ok());
    CHECK(wait_until([&] { return parse_unit(of_vm(world, "unit-status").value())->state == "ended"; }));
    CHECK(of_vm(world, "unit-signal", "9").ok());  // has ended already
    CHECK(world.ask("unit-status").failure().code == BH_E_NOT_FOUND);
}

TEST_CASE("launch: a tool runs to its end, as nobody who is more than the instance") {
    const Options options = with_units();
    World world{options};
    const auto run = [&](const std::vector<std::string>& args) {
        return world.ask("run", to_json(RunRequest{"id", args, {}}));
    };
    const auto result = parse_run_result(run({"-u"}).value());
    REQUIRE(result);
    const uid_t runs_as = options.inprocess ? launch::testing::kKernelUser : world.uid();
    CHECK(std::string(result->output.begin(), result->output.end()) == std::to_string(runs_as) + "\n");
    CHECK(run({"-G"}).failure().reason == "bad_args");
    CHECK(world.ask("run", to_json(RunRequest{"sh", {"-c", "id"}, {}})).failure().reason == "not_listed");
    CHECK(world.ask("run", "no document").failure().code == BH_E_INVALID);
    CHECK(of_vm(world, "unit", "{\"program\":\"sleep\"").failure().code == BH_E_INVALID);
}

TEST_CASE("launch: a descriptor that the plugin passes arrives open and is still the plugin's") {
    Options options = either_mode();
    options.grants = {{BH_SVC_LAUNCH}, {}, {}};
    World world{options};
    CHECK(world.ask("launch", to_json(UnitSpec{})).failure().reason == "refused");
    CHECK(world.launching.unit == "unit");
    CHECK(world.launching.fds == 1);
    CHECK(world.launching.written);
}

TEST_CASE("secrets: what was lent is in no log, row, file, answer, environment or memory afterwards") {
    Kept kept;
    launch::testing::Place place;
    const Canary canary{place / "token"};
    Options options = either_mode();
    options.store = kept.store.get();
    options.grants = {{BH_SVC_SECRETS}, {}, {{"token", place / "token"}}};
    World world{options};
    REQUIRE(world.first);
    CHECK(world.ask("borrow", "token").value() == "32");
    CHECK(world.ask("borrow", "other").failure().reason == "not_granted");
    std::vector<std::string> processes{"/proc/self"};
    if (!options.inprocess) {
        processes.push_back("/proc/" + std::to_string(world.plugin_pid()));
        processes.push_back("/proc/" + std::to_string(world.worker->state().pid));
        processes.push_back("/proc/" + std::to_string(world.launcher->pid()));
    }
    std::size_t looked = 0;
    for (const auto& process : processes) {
        INFO(process);
        CHECK_FALSE(canary.is_in_memory_of(process, looked));
        for (const char* name : {"/environ", "/cmdline"}) CHECK_FALSE(canary.is_in(read_text(process + name)));
    }
    CHECK(looked > 1'000'000);
    CHECK_FALSE(canary.is_in(world.log.all));
    for (const auto* folder : {&world.place.path(), &kept.place.path()}) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator{*folder})
            if (entry.is_regular_file()) CHECK_FALSE(canary.is_in(read_text(entry.path())));
    }
    // The search finds a plugin that keeps one.
    CHECK(world.ask("keep", "token").value() == "kept");
    CHECK(canary.is_in_memory_of(options.inprocess ? processes[0] : processes[1], looked));
}

TEST_CASE("signer: what the policy allows is signed, and nothing else") {
    const launch::testing::Place place;
    auto log = signer::AuditLog::open(place / "signatures.jsonl");
    REQUIRE(log);
    RealSigner real{std::move(*log)};
    Options options = either_mode();
    options.grants = {{BH_SVC_SIGNER}, {"agent"}, {}};
    options.signer = &real;
    World world{options};
    const auto ask = [&](const char* name) {
        const Bytes payload = transaction(name);
        return world.ask("sign-payload", {payload.begin(), payload.end()});
    };
    CHECK(ask("decline").value().size() == 65);
    for (const char* name : {"value", "value to itself", "another destination", "another function", "another chain"}) {
        INFO(name);
        CHECK(ask(name).failure().code == BH_E_DENIED);
    }
    CHECK(world.ask("sign-payload", "not a transaction").failure().code == BH_E_INVALID);
    CHECK(world.ask("sign", "statement").failure().reason == "not_granted");
    const std::string signatures = read_text(place / "signatures.jsonl");
    CHECK(std::count(signatures.begin(), signatures.end(), '\n') == 1);
}

TEST_CASE("chain: another instance's chain is read and called as granted, within the running job") {
    Options options = either_mode();
    options.grants.services = {BH_SVC_CHAIN};
    options.grants.chains["broker"] = {"local", {"0xc0"}, {{0xa9, 0x05, 0x9c, 0xbb}}};
    World world{options};
    REQUIRE(world.first);
    life::Call call;
    call.op_id = "op-7";
    Bytes saved;
    call.save = [&](const Bytes& checkpoint) -> Status {
        saved = checkpoint;
        return {};
    };
    CHECK(world.ask(call, "chain", "0xc0").value().ends_with("submit probelocalop-7step0xc0"));
    CHECK(saved == Bytes{'s', 'a', 'v', 'e', 'd'});
    CHECK(world.ask("chain", "0xc1").failure().reason == "not_granted");
}

TEST_CASE("services: what was not granted is not there") {
    World world{either_mode()};
    for (const char* act : {"secret", "sign", "launch", "chain"}) CHECK(world.ask(act).value() == "no service");
    CHECK(world.ask("tcp", "127.0.0.1 1").value() == "no service");
    CHECK(world.ask("store", "one").ok());
}

TEST_CASE_METHOD(Lying, "documents: a VM of another op_id, id or instance is refused") {
    plugins::testing::check_vms_of_others(*this);
}
TEST_CASE_METHOD(Lying, "documents: a volume of another op_id or instance is refused") {
    plugins::testing::check_volumes_of_others(*this);
}
TEST_CASE_METHOD(Lying, "documents: a delegation of another op_id, id or instance is refused") {
    plugins::testing::check_delegations_of_others(*this);
}
TEST_CASE_METHOD(Lying, "documents: what is too deep, too large, ambiguous or no text is none") {
    plugins::testing::check_what_is_no_document(*this);
}
