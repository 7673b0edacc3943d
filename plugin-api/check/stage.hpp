// Where a check plays: a fresh folder, the plugin's backend, a kernel, and the plugin brought up.
#pragma once

#include "plugin-api/check/backend.hpp"
#include "plugin-api/check/child.hpp"
#include "plugin-api/check/kernel.hpp"
#include "plugin-api/check/subject.hpp"
#include "plugin-api/check/test.hpp"
#include "plugin-api/sdk/cpp/boundary.hpp"

#include <mutex>
#include <optional>

namespace bh::check {

// Where an attempt is to be disturbed: the n-th point that can't be undone, counted from 1; 0 = nowhere.
struct Disturbance {
    int die_at = 0;
    int cancel_at = -1;  // 0: before the call
    std::uint32_t cancel_reason = BH_CANCEL_NONE;
    bool worker = false;                // what dies is the plugin's worker, and not this process
    std::function<void()> victim = {};  // how that is done
};

class Stage {
public:
    Stage(const Subject& subject, Shared& shared, std::string directory)
        : subject{subject}, shared{shared}, directory{std::move(directory)} {}
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    const Subject& subject;
    Shared& shared;
    const std::string directory;  // removed by whoever made it
    Disturbance disturbance;

    void step(std::string_view what) { Shared::put(shared.step, what); }
    // For the report of a check that passes.
    void note(std::string_view what) { Shared::put(shared.note, what); }
    // The configuration of the instance `name`, checked against the manifest's schema, with its defaults.
    nlohmann::json config(const std::string& name = "check");
    // `text` with "${...}" filled in.
    std::string fill(const std::string& text, const std::string& name = "check");
    nlohmann::json fill(const nlohmann::json& node, const std::string& name = "check");
    Backend& backend();  // started at its first use; throws when there is none
    [[nodiscard]] bool has_backend() const { return !subject.setup.backend.empty(); }

    // A point that can't be undone was reached.
    void boundary(const char* what);
    [[nodiscard]] std::uint32_t cancelled() const;

    // Runs `body` in a process that may die; what it throws comes out here. What the backend is asked stays here.
    nlohmann::json apart(const std::function<nlohmann::json()>& body);
    Ended try_apart(const std::function<nlohmann::json()>& body);

private:
    std::optional<Backend> backend_;
};

// One verb's answer.
struct Answer {
    bh_status status = BH_OK;
    std::string text;
    bh_error error{};
    [[nodiscard]] std::string said() const;  // "BH_E_INVALID: message", "BH_OK"
};
std::string status_name(bh_status status);

// The plugin, open, with one instance.
class Session {
public:
    explicit Session(Stage& stage, const std::string& name = "check");
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    template <class V>
    const V& table(const char* id) const {
        return *static_cast<const V*>(plugin->query(id));
    }
    // verb(sink, err) -> status.
    template <class F>
    Answer ask(const std::string& what, F&& verb) const {
        stage.step(what);
        Answer answer;
        answer.error.struct_size = sizeof answer.error;
        sdk::Collector out;
        answer.status = verb(out.sink(), &answer.error);
        answer.text = out.text();
        return answer;
    }

    Stage& stage;
    std::unique_ptr<Opened> opened;
    const bh_plugin* plugin = nullptr;
    bh_instance* self = nullptr;
    // The VM that verbs of a hypervisor's extensions are tried on: see own_vm() in extension_kinds.cpp.
    mutable std::mutex vm_mutex;
    mutable std::string vm;
    std::unique_ptr<Kernel> kernel;  // ends before the plugin that knows it: see the destructor
};
std::unique_ptr<Kernel> make_kernel(Stage& stage, const std::string& name);
std::unique_ptr<Opened> open_plugin(Stage& stage);  // throws Wrong

// A job's context; the checkpoint is kept in the stage's folder, under the op_id.
class Job {
public:
    Job(Stage& stage, std::string op_id, std::uint32_t attempt);
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;
    ~Job();
    [[nodiscard]] const bh_call* c() const { return &call_; }
    std::uint32_t saves = 0;

private:
    void passed(const char* what);
    Stage& stage_;
    std::string op_id_, path_, checkpoint_;
    bh_call call_{};
};

}  // namespace bh::check
