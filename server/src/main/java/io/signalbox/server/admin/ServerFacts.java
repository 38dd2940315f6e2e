package io.signalbox.server.admin;

import java.util.List;
import java.util.function.Supplier;

/**
 * What the API tells of the broker around it.
 *
 * @param endpoints asked anew for each request, because listeners are opened last
 * @param caBundlePem certificates that clients need to trust the broker's own, the root first
 */
public record ServerFacts(
    String version, Supplier<List<Endpoint>> endpoints, Supplier<String> caBundlePem) {

  /** One address of a listener. */
  public record Endpoint(String listener, String type, String address, int port, String url) {}
}
