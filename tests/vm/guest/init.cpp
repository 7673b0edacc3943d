// /init of the test guest: the smallest thing that behaves like a guest of ours. It loads the modules that the initrd
// lists, answers guest-frame-1 requests on org.blockhost.guest.0, and obeys the power button.
//
// Requests: "hello" (-> boot id, label of the seed disk, MAC, size of the first disk), "write TEXT" (into the first
// disk), "read" (it), "poweroff", "deaf" (ignore the power button from now on), "wait" (answers after a second).

#include "plugin-api/formats/guest/guest_frame.hpp"

#include <fcntl.h>
#include <linux/input.h>
#include <linux/reboot.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

namespace {

using namespace bh::guest_frame;

std::string read_text(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    std::ostringstream text;
    text << file.rdbuf();
    std::string out = text.str();
    while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
    return out;
}

void load_modules() {
    std::ifstream order{"/modules/order"};
    for (std::string name; std::getline(order, name);) {
        const int fd = ::open(("/modules/" + name).c_str(), O_RDONLY | O_CLOEXEC);
        if (fd < 0 || (::syscall(SYS_finit_module, fd, "", 0) != 0 && errno != EEXIST))
            std::printf("init: module %s: %s\n", name.c_str(), std::strerror(errno));
        ::close(fd);
    }
}

[[noreturn]] void power_off() {
    ::sync();
    ::reboot(LINUX_REBOOT_CMD_POWER_OFF);
    for (;;) ::pause();
}

std::string at(const char* device, off_t offset, std::size_t size) {
    std::string bytes(size, '\0');
    const int fd = ::open(device, O_RDONLY | O_CLOEXEC);
    const ssize_t count = ::pread(fd, bytes.data(), size, offset);
    ::close(fd);
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes.substr(0, bytes.find('\0'));
}

void put(const std::string& text) {
    std::string block(512, '\0');
    text.copy(block.data(), block.size() - 1);
    const int fd = ::open("/dev/vda", O_WRONLY | O_CLOEXEC);
    if (::pwrite(fd, block.data(), block.size(), 0) < 0 || ::fsync(fd) != 0)
        std::printf("init: disk: %s\n", std::strerror(errno));
    ::close(fd);
}

struct Guest {
    bool deaf = false;

    std::string answer(const std::string& request) {
        if (request == "hello") {
            return "boot=" + read_text("/proc/sys/kernel/random/boot_id") +
                   " seed=" + at("/dev/vdb", 16 * 2048 + 40, 6) + " mac=" + read_text("/sys/class/net/eth0/address") +
                   " sectors=" + read_text("/sys/block/vda/size");
        }
        if (request == "read") return at("/dev/vda", 0, 512);
        if (request.starts_with("write ")) {
            put(request.substr(6));
            return "ok";
        }
        if (request == "deaf") {
            deaf = true;
            return "ok";
        }
        if (request == "wait") {
            std::this_thread::sleep_for(std::chrono::seconds{1});
            return "ok";
        }
        if (request == "poweroff") power_off();
        return "unknown";
    }
};

int open_port() {
    for (;;) {
        for (int port = 0; port < 8; ++port) {
            const std::string name = "vport" + std::to_string(port) + "p1";
            if (read_text("/sys/class/virtio-ports/" + name + "/name") == "org.blockhost.guest.0")
                return ::open(("/dev/" + name).c_str(), O_RDWR | O_CLOEXEC);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
}

int open_power_button() {
    for (int i = 0; i < 8; ++i) {
        if (read_text("/sys/class/input/event" + std::to_string(i) + "/device/name") == "Power Button") {
            return ::open(("/dev/input/event" + std::to_string(i)).c_str(), O_RDONLY | O_CLOEXEC);
        }
    }
    return -1;
}

void serve(Guest& guest, int port, int button) {
    Decoder decoder;
    for (;;) {
        pollfd fds[2] = {{port, POLLIN, 0}, {button, POLLIN, 0}};
        ::poll(fds, 2, -1);
        if ((fds[1].revents & POLLIN) != 0) {
            input_event event{};
            if (::read(button, &event, sizeof event) == sizeof event && event.type == EV_KEY &&
                event.code == KEY_POWER && event.value == 1 && !guest.deaf)
                power_off();
        }
        char buffer[4096];
        const ssize_t count = (fds[0].revents & POLLIN) != 0 ? ::read(port, buffer, sizeof buffer) : 0;
        if (count <= 0) {
            // The host is not connected: the port hangs up until it is.
            if ((fds[0].revents & POLLHUP) != 0) std::this_thread::sleep_for(std::chrono::milliseconds{20});
            continue;
        }
        std::string_view input{buffer, static_cast<std::size_t>(count)};
        while (auto frame = decoder.take(input)) {
            if (frame->kind != Kind::kRequest) continue;
            const auto wire = encode({Kind::kAnswer, frame->nonce, guest.answer(frame->payload)});
            if (wire && ::write(port, wire->data(), wire->size()) < 0)
                std::printf("init: port: %s\n", std::strerror(errno));
        }
    }
}

}  // namespace

int main() {
    ::mount("dev", "/dev", "devtmpfs", 0, nullptr);
    ::mount("proc", "/proc", "proc", 0, nullptr);
    ::mount("sys", "/sys", "sysfs", 0, nullptr);
    std::setvbuf(stdout, nullptr, _IONBF, 0);
    load_modules();
    std::printf("init: up\n");
    Guest guest;
    const int port = open_port();
    serve(guest, port, open_power_button());
}
