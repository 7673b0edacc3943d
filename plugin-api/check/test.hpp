// What a check is: a stable id, one sentence of intent, and a body that throws what is wrong. The bodies run each in a
// process of its own (runner.hpp), so they may leave behind what they like.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <string>
#include <vector>

namespace bh::check {

class Stage;

// The modes (subject.hpp) in which a check can say something.
struct Where {
    std::string mode;  // "" = in each
    std::string why;   // it says nothing in another one; for the report
};
inline Where anywhere() { return {}; }
inline Where in_process(const char* why) { return {"inprocess", why}; }
inline Where in_worker(const char* why) { return {"worker", why}; }

struct Test {
    std::string id;         // "group.name"; never renamed
    std::string intent;     // one sentence: what holds for a good plugin
    std::string interface;  // about plugins that offer it; "" = about all
    Where where;
    void (*body)(Stage&);
};

// In the order in which they run and are reported.
std::vector<Test> all_tests();

std::vector<Test> lint_tests();
std::vector<Test> load_tests();
std::vector<Test> hygiene_tests();
std::vector<Test> lifecycle_tests();
std::vector<Test> contract_tests();
std::vector<Test> job_tests();
std::vector<Test> secret_tests();
std::vector<Test> worker_tests();
std::vector<Test> storage_tests();
std::vector<Test> hypervisor_tests();
std::vector<Test> resize_tests();
std::vector<Test> reinstall_tests();
std::vector<Test> snapshot_tests();
std::vector<Test> ipv6_tests();
std::vector<Test> chain_tests();
std::vector<Test> fuzz_tests();

// Thrown by a body: the plugin is wrong; the check does not apply.
struct Wrong {
    std::string what;
};
struct NotApplicable {
    std::string why;
};

inline void require(bool good, const std::string& what) {
    if (!good) throw Wrong{what};
}
template <class T>
T require_ok(Result<T> result, const std::string& doing) {
    if (!result) throw Wrong{doing + ": " + result.failure().message};
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace bh::check
