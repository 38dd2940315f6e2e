package io.signalbox.it.wire;

import java.net.InetSocketAddress;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * Where and how to reach a listener.
 *
 * @param tls the client's trust and certificate; not null for TLS and WSS
 */
public record Endpoint(Transport transport, InetSocketAddress address, @Nullable SSLContext tls) {
  public Endpoint {
    if (transport.isTls() && tls == null) {
      throw new IllegalArgumentException("no TLS context for " + transport);
    }
  }

  /** The same listener reached with another certificate or another trust. */
  public Endpoint with(SSLContext other) {
    return new Endpoint(transport, address, other);
  }
}
