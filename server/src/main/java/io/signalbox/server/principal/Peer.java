package io.signalbox.server.principal;

import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a client reached us, before it said who it is.
 *
 * @param listener the listener's name in the configuration
 * @param transport {@code tcp}, {@code tls}, {@code ws} or {@code wss}
 * @param address the client's; behind a trusted proxy the one the proxy named
 * @param port the client's, with it
 * @param tlsVersion {@code TLSv1.3} or {@code TLSv1.2}; null without TLS
 * @param certificates the client's chain, its own first; empty if it showed none
 * @param anonymousAllowed whether this listener takes clients without a credential
 * @param lazyDurability whether publishes on this listener are acknowledged before the disk has
 *     them
 * @param authorizationHeader of the WebSocket upgrade request, or what stands for it; null if
 *     absent
 */
public record Peer(
    String listener,
    String transport,
    InetAddress address,
    int port,
    @Nullable String tlsVersion,
    List<X509Certificate> certificates,
    boolean anonymousAllowed,
    boolean lazyDurability,
    @Nullable String authorizationHeader) {
  public Peer {
    certificates = List.copyOf(certificates);
  }

  /** The same peer without the credential of its WebSocket request. */
  public Peer withoutAuthorizationHeader() {
    return new Peer(
        listener,
        transport,
        address,
        port,
        tlsVersion,
        certificates,
        anonymousAllowed,
        lazyDurability,
        null);
  }

  /** For log lines: never the header, never a whole certificate. */
  @Override
  public String toString() {
    return listener + " " + address.getHostAddress() + ":" + port;
  }
}
