// pam_blockhost.so as PAM loads it: a service file of its own in a directory of its own, a conversation that the test
// plays.
#include "pam/guest/sample_for_test.hpp"
#include "pam/module/failures.hpp"
#include "pam/module/prompt.hpp"

#include <security/pam_appl.h>
#include <catch2/catch_test_macros.hpp>

#include <cstring>
#include <ctime>
#include <functional>
#include <vector>

using namespace bh::guest;

namespace {

// Answers each prompt; keeps what was shown.
struct Person {
    std::function<std::string(const std::string& prompt)> answer;
    std::vector<std::string> prompts, errors;
    bool leaves = false;
};

int converse(int count, const pam_message** messages, pam_response** responses, void* data) {
    auto& person = *static_cast<Person*>(data);
    if (person.leaves) return PAM_CONV_ERR;
    *responses = static_cast<pam_response*>(std::calloc(static_cast<std::size_t>(count), sizeof(pam_response)));
    for (int i = 0; i < count; ++i) {
        if (messages[i]->msg_style != PAM_PROMPT_ECHO_ON) {
            person.errors.emplace_back(messages[i]->msg);
            continue;
        }
        person.prompts.emplace_back(messages[i]->msg);
        (*responses)[i].resp = ::strdup(person.answer(messages[i]->msg).c_str());
    }
    return PAM_SUCCESS;
}

struct Vm {
    Vm() : places{sample::booted(directory)} { configure(""); }

    void configure(const std::string& more) const {
        const std::string line = "auth requisite " PAM_MODULE " state=" + places.state + " run=" + places.run +
                                 " host_key=" + places.host_key + " " + more + "\naccount required pam_permit.so\n";
        REQUIRE(replace_file(directory.path + "/login", line, 0644));
    }
    void hears(std::int64_t issued_ago = 10) const {
        auto statement = sample::statement();
        statement.issued = std::time(nullptr) - issued_ago;
        statement.expires = statement.issued + 900;
        REQUIRE(accept_statement(places, sample::first_boot(), sample::signed_text(statement)));
    }
    int log_in(Person& person, const char* user = "user") const {
        const pam_conv conversation{converse, &person};
        pam_handle_t* handle = nullptr;
        REQUIRE(::pam_start_confdir("login", user, &conversation, directory.path.c_str(), &handle) == PAM_SUCCESS);
        REQUIRE(::pam_set_item(handle, PAM_RHOST, "2001:db8:b10c::99") == PAM_SUCCESS);
        const int result = ::pam_authenticate(handle, 0);
        if (result == PAM_SUCCESS) CHECK(::pam_setcred(handle, PAM_ESTABLISH_CRED) == PAM_SUCCESS);
        ::pam_end(handle, result);
        return result;
    }
    sample::Directory directory;
    Places places;
};

std::string text_of(const std::string& prompt) {
    const auto begin = prompt.find(kBeginText);
    const auto end = prompt.find(kEndText);
    REQUIRE(begin != std::string::npos);
    REQUIRE(end != std::string::npos);
    const auto first = begin + kBeginText.size() + 1;
    return prompt.substr(first, end - 1 - first);
}

Person signing(bh::crypto::Secret key) {
    auto shared = std::make_shared<bh::crypto::Secret>(std::move(key));
    return {[shared](const std::string& prompt) { return sample::wallet_signature(*shared, text_of(prompt)); }, {}, {}};
}
Person pasting(std::string answer) {
    return {[answer = std::move(answer)](const std::string&) { return answer; }, {}, {}};
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("the owner's signature over the text in the prompt logs in at the first try") {
    const Vm vm;
    vm.hears();
    Person person = signing(sample::owner_key());
    CHECK(vm.log_in(person) == PAM_SUCCESS);
    CHECK(person.prompts.size() == 1);
    CHECK(contains(person.prompts[0], "- urn:blockhost:client:2001:db8:b10c::99"));
}

TEST_CASE("three wrong signatures end the connection; each new prompt says why the last one was refused") {
    const Vm vm;
    vm.hears();
    Person person = signing(sample::other_key());
    CHECK(vm.log_in(person) == PAM_MAXTRIES);
    REQUIRE(person.prompts.size() == 3);
    CHECK(!contains(person.prompts[0], "Refused"));
    CHECK(contains(person.prompts[1], "Refused: Over this text, that signature is by"));
    CHECK(contains(person.prompts[2], "This is the last try"));
    CHECK(text_of(person.prompts[1]) != text_of(person.prompts[0]));
    REQUIRE(person.errors.size() == 1);
    CHECK(contains(person.errors[0], "If the first is a wallet of yours"));
}

TEST_CASE("an answer of 10 kB is refused with a sentence, and the next try still counts") {
    const Vm vm;
    vm.hears();
    int tries = 0;
    Person person{[&tries](const std::string& prompt) {
                      return ++tries == 1 ? std::string(10'240, '7')
                                          : sample::wallet_signature(sample::owner_key(), text_of(prompt));
                  },
                  {},
                  {}};
    CHECK(vm.log_in(person) == PAM_SUCCESS);
    REQUIRE(person.prompts.size() == 2);
    CHECK(contains(person.prompts[1], "has 10240 characters or more; a signature is 0x and 130 hex digits"));
}

TEST_CASE("a signature of an earlier login is refused as replayed, one of an earlier prompt as old") {
    const Vm vm;
    vm.hears();
    std::string used;
    Person first{[&used](const std::string& prompt) {
                     return used = sample::wallet_signature(sample::owner_key(), text_of(prompt));
                 },
                 {},
                 {}};
    REQUIRE(vm.log_in(first) == PAM_SUCCESS);
    std::string earlier;
    Person second{[&](const std::string& prompt) {
                      if (earlier.empty()) {
                          earlier = sample::wallet_signature(sample::owner_key(), text_of(prompt));
                          return used;
                      }
                      return earlier;
                  },
                  {},
                  {}};
    CHECK(vm.log_in(second) == PAM_MAXTRIES);
    REQUIRE(second.prompts.size() == 3);
    CHECK(contains(second.prompts[1], "has logged in once already"));
    CHECK(contains(second.prompts[2], "older text of this VM"));
}

TEST_CASE("a high-s signature is refused by name") {
    const Vm vm;
    vm.hears();
    Person person{[](const std::string& prompt) {
                      return sample::high_s_form(sample::wallet_signature(sample::owner_key(), text_of(prompt)));
                  },
                  {},
                  {}};
    CHECK(vm.log_in(person) == PAM_MAXTRIES);
    CHECK(contains(person.prompts.at(1), "second form (high s)"));
}

TEST_CASE("without a statement, or with one whose grace is over, there is nothing to sign") {
    const Vm vm;
    Person person = pasting("");
    CHECK(vm.log_in(person) == PAM_MAXTRIES);
    REQUIRE(person.prompts.size() == 1);
    CHECK(contains(person.prompts[0], "has not been told by its host who owns it"));
    CHECK(!contains(person.prompts[0], kBeginText));

    vm.hears(3 * 24 * 3600);
    Person late = pasting("");
    CHECK(vm.log_in(late) == PAM_MAXTRIES);
    CHECK(contains(late.prompts.at(0), "its grace is over"));

    vm.configure("grace=604800");
    Person patient = signing(sample::owner_key());
    CHECK(vm.log_in(patient) == PAM_SUCCESS);
}

TEST_CASE("root and others are sent to the login user") {
    const Vm vm;
    vm.hears();
    Person person = pasting("");
    CHECK(vm.log_in(person, "root") == PAM_MAXTRIES);
    CHECK(contains(person.prompts.at(0), "Log in as the user that your credential names"));
}

TEST_CASE("after a dozen failures from one network its logins are refused for a while") {
    const Vm vm;
    vm.hears();
    for (int i = 0; i < kMaxFailures / 3; ++i) {
        Person person = pasting("nonsense");
        CHECK(vm.log_in(person) == PAM_MAXTRIES);
        CHECK(person.prompts.size() == 3);
    }
    Person person = pasting("");
    CHECK(vm.log_in(person) == PAM_MAXTRIES);
    CHECK(contains(person.prompts.at(0), "Too many logins from your network failed"));
}

TEST_CASE("a client that goes away leaves an ordinary failure") {
    const Vm vm;
    vm.hears();
    Person person = pasting("");
    person.leaves = true;
    CHECK(vm.log_in(person) == PAM_AUTH_ERR);
}

TEST_CASE("an argument with a typing error stops the service instead of weakening it") {
    const Vm vm;
    vm.hears();
    vm.configure("grase=1");
    Person person = signing(sample::owner_key());
    CHECK(vm.log_in(person) == PAM_SERVICE_ERR);
    CHECK(person.prompts.empty());
}
