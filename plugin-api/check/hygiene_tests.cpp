// What a plugin must leave alone in its process: it shares it with the kernel and other plugins.
#include "plugin-api/check/kinds.hpp"
#include "plugin-api/check/snapshot.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace bh::check {
namespace {

void require_none(const std::vector<std::string>& found, const std::string& when) {
    std::string all;
    for (const std::string& one : found) all += (all.empty() ? "" : ", ") + one;
    require(found.empty(), when + " the plugin " + all);
}

// Everything that can be asked of a fresh instance, and one thing made and removed.
void work(const Session& session) {
    session.ask("health", [&](bh_sink o, bh_error* e) { return session.plugin->health(session.self, o, e); });
    for (const Kind& kind : kinds_of(session.stage.subject)) {
        for (const Reader& reader : kind.readers)
            session.ask(reader.name, [&](bh_sink o, bh_error* e) { return reader.call(session, o, e); });
        if (!kind.maker) continue;
        const Job job{session.stage, "hygiene-1", 1}, again{session.stage, "hygiene-2", 1};
        const std::string request = kind.maker->request(session.stage, 0);
        const Answer made = session.ask(kind.maker->verb, [&](bh_sink o, bh_error* e) {
            return kind.maker->make(session, job.c(), sdk::str(request), o, e);
        });
        const auto thing = kind.maker->parse(made.text);
        if (made.status != BH_OK || !thing) continue;
        session.ask(kind.maker->remover, [&](bh_sink o, bh_error* e) {
            return kind.maker->remove(session, again.c(), sdk::str(thing->id), o, e);
        });
    }
}

void load(Stage& stage) {
    // What is lazily set up by the check's own libraries must not count.
    stage.config();
    const Snapshot before = Snapshot::take();
    const auto opened = open_plugin(stage);
    Snapshot after = Snapshot::take();
    // The loader keeps the sealed copy open for good.
    std::erase_if(after.files,
                  [](const auto& file) { return file.second.find("blockhost-plugin") != std::string::npos; });
    require_none(differences(before, after, false), "while it was loaded");
}

void instance(Stage& stage) {
    if (stage.has_backend()) stage.backend();
    const auto opened = open_plugin(stage);
    const Snapshot untouched = Snapshot::take();
    {
        // Libraries that the plugin uses may set themselves up at their first use.
        const Session first{stage};
        work(first);
    }
    const Snapshot before = Snapshot::take();
    require_none(differences(untouched, before, true), "while its first instance worked");
    {
        const Session session{stage};
        work(session);
        const Snapshot during = Snapshot::take();
        require_none(differences(before, during, true), "while its instance worked");
        const auto passed_on = inheritable(before, during);
        require(passed_on.empty(),
                "opened without CLOEXEC, so programs inherit it: " + (passed_on.empty() ? "" : passed_on[0]));
        const std::size_t started = during.threads.size() - before.threads.size();
        require(started <= stage.subject.manifest.threads, "runs " + std::to_string(started) +
                                                               " threads, plugin.json says " +
                                                               std::to_string(stage.subject.manifest.threads));
    }
    require_none(differences(before, Snapshot::take(), false), "after its instance was destroyed");
}

void output(Stage& stage) {
    const int file = ::memfd_create("output", MFD_CLOEXEC);
    const int out = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10), errors = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
    if (stage.has_backend()) stage.backend();
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    {
        const Session session{stage};
        work(session);
    }
    std::fflush(nullptr);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(errors, STDERR_FILENO);
    char text[200] = {};
    const ssize_t size = ::pread(file, text, sizeof text - 1, 0);
    require(size <= 0, std::string{"writes to the kernel's stdout or stderr; use the service log: "} + text);
}

void end_of_process(Stage& stage) {
    const Ended ended = stage.try_apart([&]() -> nlohmann::json {
        {
            const Session session{stage};
            work(session);
        }
        stage.step("the normal end of the process");
        std::exit(42);
    });
    require(ended.exit_code == 42, "the plugin " + ended.how(stage.shared) +
                                       ": what it registered with atexit, or its "
                                       "static objects, fail");
}

}  // namespace

std::vector<Test> hygiene_tests() {
    return {
        {"hygiene.load", "Loading leaves signals, descriptors, threads, locale, environment and limits alone.", "",
         in_process("signals, locale and descriptors that it may change there are those of its own process"), load},
        {"hygiene.instance",
         "An instance leaves nothing behind; its descriptors are CLOEXEC, its threads those declared.", "",
         in_process("signals, descriptors and threads that it may leave there are those of its own process"), instance},
        {"hygiene.output", "It writes nothing to the descriptors 0 to 2.", "",
         in_process("its output is the worker's there, and the kernel never reads it"), output},
        {"hygiene.exit", "The process with the plugin in it ends normally.", "",
         in_process("a worker ends without running what was registered for the end"), end_of_process},
    };
}

}  // namespace bh::check
