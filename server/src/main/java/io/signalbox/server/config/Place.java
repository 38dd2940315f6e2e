package io.signalbox.server.config;

import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Where something listens.
 *
 * @param owner what people call it
 * @param bind addresses or host names, as in the configuration
 * @param port 0: one that nobody else has
 */
record Place(String owner, List<String> bind, int port) {

  /**
   * An address that both would listen on, which the system allows one of them alone. Names are not
   * looked up.
   */
  Optional<String> sharedWith(Place other) {
    if (port == 0 || port != other.port) {
      return Optional.empty();
    }
    for (String mine : bind) {
      for (String its : other.bind) {
        if (isWildcard(its) || address(mine).equals(address(its))) {
          return Optional.of(mine);
        }
        if (isWildcard(mine)) {
          return Optional.of(its);
        }
      }
    }
    return Optional.empty();
  }

  /** Each of the two stands for the addresses of both families. */
  private static boolean isWildcard(String host) {
    return address(host) instanceof InetAddress address && address.isAnyLocalAddress();
  }

  /** The address of a literal, which may be written in several ways; else the name. */
  private static Object address(String host) {
    try {
      return InetAddress.ofLiteral(host);
    } catch (IllegalArgumentException _) {
      return host.toLowerCase(Locale.ROOT);
    }
  }
}
