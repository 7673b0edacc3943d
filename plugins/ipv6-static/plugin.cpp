#include "plugins/ipv6-static/provider.hpp"

BH_PLUGIN(bh::ipv6_static::Provider)
