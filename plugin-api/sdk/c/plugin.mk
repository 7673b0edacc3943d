# Included by the Makefile of a plugin in C, which sets SOURCES, BLOCKHOST_SDK, CHECK and OUT: builds
# $(OUT)/{plugin.so, plugin.json, check} with the linkage that the loader looks for. Targets: all, check, clean.
BHC = $(BLOCKHOST_SDK)/plugin-api/sdk/c

CFLAGS ?= -O2 -g
PLUGIN_CFLAGS = -std=c99 -D_POSIX_C_SOURCE=200809L -fPIC -fvisibility=hidden -Wall -Wextra -Wpedantic -Werror \
	-I$(BLOCKHOST_SDK)/plugin-api/include -I$(BHC)
PLUGIN_LDFLAGS = -shared -pthread -Wl,-z,defs -Wl,-z,now -Wl,-z,relro -Wl,-z,nodelete -Wl,-z,noexecstack \
	-Wl,--exclude-libs,ALL -Wl,--version-script=$(BLOCKHOST_SDK)/plugin-api/sdk/plugin.map

all: $(OUT)/plugin.json

$(OUT)/plugin.so: $(SOURCES) $(wildcard *.h) $(BHC)/bhc.c $(BHC)/bhc.h $(BHC)/json.c $(BHC)/json.h
	mkdir -p $(OUT)
	$(CC) $(CFLAGS) $(PLUGIN_CFLAGS) $(LDFLAGS) $(PLUGIN_LDFLAGS) -o $@ $(SOURCES) $(BHC)/bhc.c $(BHC)/json.c

# The manifest with the file's name and hash, and the folder with which the check tries the plugin.
$(OUT)/plugin.json: $(OUT)/plugin.so plugin.json check/check.json
	sed -e 's/"file": ""/"file": "plugin.so"/' \
		-e "s/\"sha256\": \"\"/\"sha256\": \"$$(sha256sum $< | cut -d' ' -f1)\"/" plugin.json >$@
	mkdir -p $(OUT)/check
	cp check/check.json $(OUT)/check/

check: all
	$(CHECK) check $(OUT) $(CHECK_FLAGS)

clean:
	rm -rf $(OUT)

.PHONY: all check clean
